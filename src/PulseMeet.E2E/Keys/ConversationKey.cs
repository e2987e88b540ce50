using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>Seals the messages of one epoch of a conversation.</summary>
/// <remarks>Derived by <c>IKeyDerivationService</c>; symmetric in the two parties.</remarks>
public sealed class ConversationKey : SecretKey
{
    /// <summary>Length of the key, in bytes.</summary>
    public const int KeySize = 32;

    internal ConversationKey(SecretBytes bytes)
        : base(bytes)
    {
    }

    /// <summary>Takes a key out of the app's own store.</summary>
    /// <param name="key">32 bytes; copied, so the caller zeroes its own.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 32 bytes.</exception>
    public static ConversationKey Import(ReadOnlySpan<byte> key)
    {
        Argument.HasLength(key, KeySize);
        return new ConversationKey(SecretBytes.CopyOf(key));
    }
}
