using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>Seals messages at rest on the server after their migration from the legacy formats.</summary>
/// <remarks>Derived by <c>IKeyDerivationService</c>; the server never holds it.</remarks>
public sealed class ArchiveKey : SecretKey
{
    /// <summary>Length of the key, in bytes.</summary>
    public const int KeySize = 32;

    internal ArchiveKey(SecretBytes bytes)
        : base(bytes)
    {
    }

    /// <summary>Takes a key out of the app's own store.</summary>
    /// <param name="key">32 bytes; copied, so the caller zeroes its own.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 32 bytes.</exception>
    public static ArchiveKey Import(ReadOnlySpan<byte> key)
    {
        Argument.HasLength(key, KeySize);
        return new ArchiveKey(SecretBytes.CopyOf(key));
    }
}
