using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>Authenticates what travels beside the messages of a conversation, with HMAC-SHA-256.</summary>
/// <remarks>Derived by <c>IKeyDerivationService</c>; symmetric in the two parties.</remarks>
public sealed class AuthenticationKey : SecretKey
{
    /// <summary>Length of the key, in bytes.</summary>
    public const int KeySize = 32;

    internal AuthenticationKey(SecretBytes bytes)
        : base(bytes)
    {
    }

    /// <summary>Takes a key out of the app's own store.</summary>
    /// <param name="key">32 bytes; copied, so the caller zeroes its own.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 32 bytes.</exception>
    public static AuthenticationKey Import(ReadOnlySpan<byte> key)
    {
        Argument.HasLength(key, KeySize);
        return new AuthenticationKey(SecretBytes.CopyOf(key));
    }
}
