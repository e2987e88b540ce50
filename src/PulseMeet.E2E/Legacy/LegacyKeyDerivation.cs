using System.Security.Cryptography;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Legacy;

/// <summary>The legacy profiles v0 and v1. Stateless but for the salt; thread-safe.</summary>
public sealed class LegacyKeyDerivation : ILegacyKeyDerivation
{
    private const int MaxIdSize = 255;

    /// <summary>The longest info: a prefix of at most 32 bytes and three identifiers.</summary>
    private const int MaxInfoSize = 32 + (3 * MaxIdSize) + 32;

    private readonly byte[] _salt;

    /// <summary>The deployed client's salt of v1.</summary>
    public const string DefaultSalt = "PulseMeet-E2E-Salt-v1";

    /// <param name="salt">The salt of v1, 1 to 255 bytes in UTF-8: <see cref="DefaultSalt"/> unless the client was deployed
    /// with another.</param>
    /// <exception cref="ArgumentException">The salt is empty, too long or not well-formed Unicode.</exception>
    public LegacyKeyDerivation(string salt = DefaultSalt)
    {
        Argument.IsText(salt, MaxIdSize);
        _salt = StrictUtf8.Instance.GetBytes(salt);
    }

    /// <summary>v0 has a salt of 32 zero bytes.</summary>
    private static ReadOnlySpan<byte> V0Salt => new byte[32];

    /// <inheritdoc/>
    public LegacyKey DeriveV0ConversationKey(X25519KeyPair own, X25519PublicKey peer, string conversationId)
    {
        Argument.IsText(conversationId, MaxIdSize);
        return FromAgreement(own, peer, V0Salt, "PulseMeet-v1-", conversationId);
    }

    /// <inheritdoc/>
    public LegacyKey DeriveV1ConversationKey(X25519KeyPair own, X25519PublicKey peer, string conversationId)
    {
        Argument.IsText(conversationId, MaxIdSize);
        return FromAgreement(own, peer, _salt, "PulseMeet-Conversation-Key", conversationId);
    }

    /// <inheritdoc/>
    public LegacyKey DeriveV1RotatedKey(
        X25519KeyPair own, X25519PublicKey peer, string conversationId, DateTimeOffset rotatedAt)
    {
        Argument.IsText(conversationId, MaxIdSize);
        return FromAgreement(
            own,
            peer,
            _salt,
            "PulseMeet-Conversation-Key",
            string.Create(
                System.Globalization.CultureInfo.InvariantCulture, $"{conversationId}_{rotatedAt.ToUnixTimeMilliseconds()}"));
    }

    /// <inheritdoc/>
    public LegacyKey DeriveV1PulseKey(X25519KeyPair own, string pulseId)
    {
        ArgumentNullException.ThrowIfNull(own);
        return DeriveV1ConversationKey(own, own.PublicKey, pulseId);
    }

    /// <inheritdoc/>
    public LegacyKey DeriveV1MediaKey(LegacyKey conversationKey, string mediaId, string conversationId)
    {
        ArgumentNullException.ThrowIfNull(conversationKey);
        Argument.IsText(mediaId, MaxIdSize);
        Argument.IsText(conversationId, MaxIdSize);
        using SecretScope secret = conversationKey.Use();
        return Expand(secret.Span, _salt, "PulseMeet-Media-Key-", mediaId, conversationId);
    }

    /// <inheritdoc/>
    public LegacyKey DeriveV1AuthenticationKey(LegacyKey conversationKey, string conversationId)
    {
        ArgumentNullException.ThrowIfNull(conversationKey);
        Argument.IsText(conversationId, MaxIdSize);
        using SecretScope secret = conversationKey.Use();
        return Expand(secret.Span, _salt, "PulseMeet-Auth-Key", conversationId);
    }

    /// <inheritdoc/>
    public LegacyKey DeriveV1DeviceKey(MasterKey master, string userId, string deviceId)
    {
        ArgumentNullException.ThrowIfNull(master);
        Argument.IsText(userId, MaxIdSize);
        Argument.IsText(deviceId, MaxIdSize);
        using SecretScope secret = master.Use();
        return Expand(secret.Span, _salt, "PulseMeet-Device-Key-", userId, "-", deviceId, deviceId);
    }

    private static LegacyKey FromAgreement(
        X25519KeyPair own, X25519PublicKey peer, ReadOnlySpan<byte> salt, params ReadOnlySpan<string> info)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(peer);
        Span<byte> sharedSecret = stackalloc byte[X25519.KeySize];
        own.Agree(peer, sharedSecret);
        LegacyKey key = Expand(sharedSecret, salt, info);
        CryptographicOperations.ZeroMemory(sharedSecret);
        return key;
    }

    /// <summary>HKDF-SHA-256 over the plain concatenation of the parts, as the legacy client has it.</summary>
    private static LegacyKey Expand(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> salt, params ReadOnlySpan<string> info)
    {
        Span<byte> buffer = stackalloc byte[MaxInfoSize + MaxIdSize];
        int length = 0;
        foreach (string part in info)
        {
            length += StrictUtf8.Instance.GetBytes(part, buffer[length..]);
        }

        var key = new SecretBytes(LegacyKey.KeySize);
        using SecretScope bytes = key.Use();
        Hkdf.DeriveKey(secret, salt, buffer[..length], bytes.Span);
        return new LegacyKey(key);
    }
}
