using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Derivation;

/// <summary>Derives every key that an app needs from X25519 agreements and from a user's master key.</summary>
/// <remarks>X25519 (RFC 7748), then HKDF-SHA-256 (RFC 5869); labels and encodings are in docs/protocol.md, "Key schedule".
/// Implementations are thread-safe. The legacy client's derivations are in <c>ILegacyKeyDerivation</c>.</remarks>
public interface IKeyDerivationService
{
    /// <summary>A new X25519 key pair from the operating system's random generator. The caller disposes it.</summary>
    X25519KeyPair GenerateKeyPair();

    /// <summary>Derives the keys of one epoch of a conversation. Both parties get the same keys.</summary>
    /// <param name="own">This party's key pair. Not disposed.</param>
    /// <param name="peer">The other party's public key, 32 bytes (RFC 7748, section 5).</param>
    /// <param name="context">The conversation, its kind and epoch; part of every derived key.</param>
    /// <returns>The conversation, media and authentication keys, 32 bytes each. The caller disposes them.</returns>
    /// <exception cref="E2EException">The agreement is not contributory: <paramref name="peer"/> is a low-order point
    /// (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    /// <remarks>About one X25519 agreement's time; see benchmarks/README.md.</remarks>
    ConversationKeys DeriveConversationKeys(X25519KeyPair own, X25519PublicKey peer, ConversationContext context);

    /// <summary>Derives the keys of the next epoch: unrelated to those of <paramref name="current"/>.</summary>
    /// <param name="own">This party's key pair. Not disposed.</param>
    /// <param name="peer">The other party's public key.</param>
    /// <param name="current">The epoch that ends.</param>
    /// <returns>The keys of <c>current.NextEpoch()</c>. The caller disposes them.</returns>
    /// <exception cref="E2EException">As for <see cref="DeriveConversationKeys"/>.</exception>
    ConversationKeys RotateConversationKeys(X25519KeyPair own, X25519PublicKey peer, ConversationContext current);

    /// <summary>Whether keys of that age are due for rotation (30 days by default), on the service's clock.</summary>
    /// <param name="establishedAt">When the epoch began.</param>
    bool IsRotationDue(DateTimeOffset establishedAt);

    /// <summary>Derives the key of one media file from a conversation's media key.</summary>
    /// <param name="media">The conversation's media key. Not disposed.</param>
    /// <param name="mediaId">The file's id: 1 to 255 bytes in UTF-8.</param>
    /// <returns>32 bytes. The caller disposes it.</returns>
    MediaKey DeriveMediaFileKey(MediaKey media, string mediaId);

    /// <summary>Derives the key that re-sealed messages of a direct conversation rest under.</summary>
    /// <param name="own">This party's key pair. Not disposed.</param>
    /// <param name="peer">The other party's public key.</param>
    /// <param name="context">The conversation, its kind and epoch.</param>
    /// <returns>32 bytes, the same for both parties. The caller disposes it.</returns>
    /// <exception cref="E2EException">As for <see cref="DeriveConversationKeys"/>.</exception>
    ArchiveKey DeriveArchiveKey(X25519KeyPair own, X25519PublicKey peer, ConversationContext context);

    /// <summary>Derives the key that re-sealed messages of a pulse chat rest under from a secret that its members share.</summary>
    /// <param name="sharedSecret">32 bytes, such as an unwrapped legacy pulse key.</param>
    /// <param name="context">The conversation, its kind and epoch.</param>
    /// <returns>32 bytes. The caller disposes it.</returns>
    ArchiveKey DeriveArchiveKey(ReadOnlySpan<byte> sharedSecret, ConversationContext context);

    /// <summary>Derives the key of one device of a user.</summary>
    /// <param name="master">The user's master key. Not disposed.</param>
    /// <param name="device">The user and the device.</param>
    /// <returns>32 bytes. The caller disposes it.</returns>
    DeviceKey DeriveDeviceKey(MasterKey master, DeviceAddress device);

    /// <summary>Derives the key of a user's backups.</summary>
    /// <param name="master">The user's master key. Not disposed.</param>
    /// <param name="userId">The user: 1 to 64 bytes in UTF-8.</param>
    /// <param name="backupId">The backup: 1 to 255 bytes in UTF-8. Each backup has a key of its own.</param>
    /// <returns>32 bytes. The caller disposes it.</returns>
    BackupKey DeriveBackupKey(MasterKey master, string userId, string backupId);
}
