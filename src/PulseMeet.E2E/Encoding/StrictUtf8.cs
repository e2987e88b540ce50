using System.Text;

namespace PulseMeet.E2E.Encoding;

/// <summary>UTF-8 that refuses ill-formed input instead of replacing it, so that no two texts encode alike.</summary>
internal static class StrictUtf8
{
    public static UTF8Encoding Instance { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="E2EException">The bytes are not UTF-8 (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static string Decode(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return Instance.GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Not UTF-8.");
        }
    }
}
