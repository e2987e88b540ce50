using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Legacy;

/// <summary>A symmetric key of the legacy client: what opens its messages and media, and seals nothing new.</summary>
/// <remarks>Derived by <c>ILegacyKeyDerivation</c>, or unwrapped from what the database held.</remarks>
public sealed class LegacyKey : SecretKey
{
    /// <summary>Length of the key, in bytes.</summary>
    public const int KeySize = 32;

    internal LegacyKey(SecretBytes bytes)
        : base(bytes)
    {
    }

    /// <summary>Takes a key out of the app's own store.</summary>
    /// <param name="key">32 bytes; copied, so the caller zeroes its own.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 32 bytes.</exception>
    public static LegacyKey Import(ReadOnlySpan<byte> key)
    {
        Argument.HasLength(key, KeySize);
        return new LegacyKey(SecretBytes.CopyOf(key));
    }
}
