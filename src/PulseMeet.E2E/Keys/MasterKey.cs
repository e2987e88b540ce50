using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>The root of a user's device and backup keys.</summary>
/// <remarks>The app keeps it in the operating system's key store.</remarks>
public sealed class MasterKey : SecretKey
{
    /// <summary>Length of the key, in bytes.</summary>
    public const int KeySize = 32;

    internal MasterKey(SecretBytes bytes)
        : base(bytes)
    {
    }

    /// <summary>A new key from the operating system's random generator.</summary>
    public static MasterKey Generate() => new(SecretBytes.Random(KeySize));
    /// <summary>Takes a key out of the app's own store.</summary>
    /// <param name="key">32 bytes; copied, so the caller zeroes its own.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 32 bytes.</exception>
    public static MasterKey Import(ReadOnlySpan<byte> key)
    {
        Argument.HasLength(key, KeySize);
        return new MasterKey(SecretBytes.CopyOf(key));
    }
}
