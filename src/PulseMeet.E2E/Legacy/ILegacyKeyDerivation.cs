using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Legacy;

/// <summary>The derivations of the deployed legacy client, byte for byte. For reading old messages, never for new ones.</summary>
/// <remarks>docs/protocol.md, "Legacy profiles". The legacy info strings are plain concatenations, which collide: that is one
/// of the reasons for the current schedule. Implementations are thread-safe.</remarks>
public interface ILegacyKeyDerivation
{
    /// <summary>v0: the direct conversation key, whose copy lay in the clear in the database.</summary>
    /// <param name="own">This party's key pair. Not disposed.</param>
    /// <param name="peer">The other party's public key.</param>
    /// <param name="conversationId">1 to 255 bytes in UTF-8.</param>
    /// <exception cref="E2EException">The agreement is not contributory (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    LegacyKey DeriveV0ConversationKey(X25519KeyPair own, X25519PublicKey peer, string conversationId);

    /// <summary>v1: the conversation key.</summary>
    /// <param name="own">This party's key pair. Not disposed.</param>
    /// <param name="peer">The other party's public key.</param>
    /// <param name="conversationId">1 to 255 bytes in UTF-8.</param>
    /// <exception cref="E2EException">The agreement is not contributory (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    LegacyKey DeriveV1ConversationKey(X25519KeyPair own, X25519PublicKey peer, string conversationId);

    /// <summary>v1: the conversation key after a rotation.</summary>
    /// <param name="own">This party's key pair. Not disposed.</param>
    /// <param name="peer">The other party's public key.</param>
    /// <param name="conversationId">1 to 255 bytes in UTF-8, without the rotation's suffix.</param>
    /// <param name="rotatedAt">The moment of rotation on the clock of the side that rotated; its Unix milliseconds count.</param>
    /// <exception cref="E2EException">The agreement is not contributory (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    LegacyKey DeriveV1RotatedKey(X25519KeyPair own, X25519PublicKey peer, string conversationId, DateTimeOffset rotatedAt);

    /// <summary>v1: the key that a member wrote pulse messages under; only that member can derive it.</summary>
    /// <param name="own">The author's key pair. Not disposed.</param>
    /// <param name="pulseId">1 to 255 bytes in UTF-8.</param>
    LegacyKey DeriveV1PulseKey(X25519KeyPair own, string pulseId);

    /// <summary>v1: the media key.</summary>
    /// <param name="conversationKey">The v1 conversation key. Not disposed.</param>
    /// <param name="mediaId">1 to 255 bytes in UTF-8.</param>
    /// <param name="conversationId">1 to 255 bytes in UTF-8.</param>
    LegacyKey DeriveV1MediaKey(LegacyKey conversationKey, string mediaId, string conversationId);

    /// <summary>v1: the authentication key.</summary>
    /// <param name="conversationKey">The v1 conversation key. Not disposed.</param>
    /// <param name="conversationId">1 to 255 bytes in UTF-8.</param>
    LegacyKey DeriveV1AuthenticationKey(LegacyKey conversationKey, string conversationId);

    /// <summary>v1: the device key.</summary>
    /// <param name="master">The user's master key. Not disposed.</param>
    /// <param name="userId">1 to 255 bytes in UTF-8.</param>
    /// <param name="deviceId">1 to 255 bytes in UTF-8.</param>
    LegacyKey DeriveV1DeviceKey(MasterKey master, string userId, string deviceId);
}
