using System.Runtime.CompilerServices;

namespace PulseMeet.E2E;

/// <summary>The checks of a caller's arguments: what fails here is the caller's mistake, not bad input from outside.</summary>
internal static class Argument
{
    // Its own, so that the root stands above every room.
    private static readonly System.Text.UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static void HasLength(
        ReadOnlySpan<byte> value, int length, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (value.Length != length)
        {
            ThrowLength(length, value.Length, name);
        }
    }

    /// <summary>The same of a length alone, where it may be that of a file.</summary>
    public static void HasLength(long actual, long expected, string name)
    {
        if (actual != expected)
        {
            throw new ArgumentException($"Must have {expected} bytes, not {actual}.", name);
        }
    }

    public static void HasAtLeast(
        ReadOnlySpan<byte> value, int length, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (value.Length < length)
        {
            throw new ArgumentException($"Must have at least {length} bytes, not {value.Length}.", name);
        }
    }

    public static void IsText(
        string value, int maxUtf8Bytes, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(value, name);
        int length;
        try
        {
            length = s_strictUtf8.GetByteCount(value);
        }
        catch (System.Text.EncoderFallbackException)
        {
            throw new ArgumentException("Must be well-formed Unicode, without lone surrogates.", name);
        }

        if (length > maxUtf8Bytes)
        {
            throw new ArgumentException($"Must have at most {maxUtf8Bytes} bytes in UTF-8.", name);
        }
    }

    private static void ThrowLength(int expected, int actual, string? name) =>
        throw new ArgumentException($"Must have {expected} bytes, not {actual}.", name);
}
