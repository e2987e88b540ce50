using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>Seals media files: the media key of a conversation, the key derived from it for one file, or a fresh one.</summary>
/// <remarks>docs/protocol.md, "Key schedule" and "Media".</remarks>
public sealed class MediaKey : SecretKey
{
    /// <summary>Length of the key, in bytes.</summary>
    public const int KeySize = 32;

    internal MediaKey(SecretBytes bytes)
        : base(bytes)
    {
    }

    /// <summary>A new key from the operating system's random generator.</summary>
    public static MediaKey Generate() => new(SecretBytes.Random(KeySize));
    /// <summary>Takes a key out of the app's own store.</summary>
    /// <param name="key">32 bytes; copied, so the caller zeroes its own.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 32 bytes.</exception>
    public static MediaKey Import(ReadOnlySpan<byte> key)
    {
        Argument.HasLength(key, KeySize);
        return new MediaKey(SecretBytes.CopyOf(key));
    }
}
