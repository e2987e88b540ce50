using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>Seals a user's backups, derived from the user's master key.</summary>
/// <remarks>Derived by <c>IKeyDerivationService</c>.</remarks>
public sealed class BackupKey : SecretKey
{
    /// <summary>Length of the key, in bytes.</summary>
    public const int KeySize = 32;

    internal BackupKey(SecretBytes bytes)
        : base(bytes)
    {
    }

    /// <summary>Takes a key out of the app's own store.</summary>
    /// <param name="key">32 bytes; copied, so the caller zeroes its own.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 32 bytes.</exception>
    public static BackupKey Import(ReadOnlySpan<byte> key)
    {
        Argument.HasLength(key, KeySize);
        return new BackupKey(SecretBytes.CopyOf(key));
    }
}
