using System.Security.Cryptography;
using Npgsql;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>Reads and derives the keys of conversations over one connection, which it alone uses.</summary>
internal sealed class ArchiveOpener(
    NpgsqlConnection connection, UserKeys user, IPeerKeys? peers, IKeyDerivationService derivation, ILegacyKeyDerivation legacy)
{
    /// <summary>The longest name that keys are derived for, in bytes of UTF-8; a longer one named no conversation.</summary>
    private const int MaxName = 255;

    public async Task<ConversationArchive> OpenDirectAsync(Guid peerId, CancellationToken cancellationToken)
    {
        string id = LegacyNames.DirectConversationId(user.UserId, peerId);
        Dictionary<Guid, ListedKeys> listed =
            await ListedKeys.ReadAsync(connection, [user.UserId, peerId], cancellationToken).ConfigureAwait(false);
        IReadOnlyList<X25519PublicKey> peerKeys = peers is null or ListedPeerKeys
            ? listed[peerId].All
            : await peers.GetAsync(peerId, cancellationToken).ConfigureAwait(false);
        var archive = new ConversationArchive
        {
            Obstacle = Obstacle(listed[user.UserId], listed[peerId], peerKeys),
        };
        List<UnwrappedKey> wrapped =
            await UnwrappedKeys.OfDirectAsync(connection, user, id, cancellationToken).ConfigureAwait(false);
        wrapped.ForEach(key => archive.AddCandidate("wrapped", key.Key));
        List<string> names = [id, .. wrapped.Select(key => key.Conversation)
            .Where(name => name != id && name.Length > 0 && Utf8.GetByteCount(name) <= MaxName).Distinct()];
        foreach (X25519PublicKey peer in peerKeys)
        {
            foreach (X25519KeyPair own in user.KeyPairs)
            {
                archive.AddArchiveKey(derivation.DeriveArchiveKey(own, peer, new ConversationContext(id)));
                foreach (string name in names)
                {
                    archive.AddCandidate("v1", legacy.DeriveV1ConversationKey(own, peer, name));
                    archive.AddCandidate("v0", legacy.DeriveV0ConversationKey(own, peer, name));
                }
            }
        }

        archive.AddForeign(user.ExtraCandidates(id));
        return archive;
    }

    public async Task<ConversationArchive> OpenPulseAsync(Guid pulseId, CancellationToken cancellationToken)
    {
        string id = pulseId.ToString("D");
        (List<UnwrappedKey> wrapped, bool may) =
            await UnwrappedKeys.OfPulseAsync(connection, user, id, cancellationToken).ConfigureAwait(false);
        var archive = new ConversationArchive();
        byte[] secret = new byte[LegacyKey.KeySize];
        foreach (UnwrappedKey key in wrapped)
        {
            archive.AddCandidate("wrapped", key.Key);
            key.Key.Export(secret);
            if (secret.AsSpan().ContainsAnyExcept((byte)0))
            {
                archive.ArchiveSource ??= key.SourceId;
                archive.AddArchiveKey(derivation.DeriveArchiveKey(secret, new ConversationContext(id, ConversationKind.Pulse)));
            }
        }

        CryptographicOperations.ZeroMemory(secret);
        foreach (X25519KeyPair own in user.KeyPairs)
        {
            archive.AddCandidate("v1 pulse", legacy.DeriveV1PulseKey(own, id));
        }

        archive.AddForeign(user.ExtraCandidates(id));
        archive.Obstacle = archive.ArchiveKeys.Count == 0 ? SealingObstacle.NoPulseKey
            : may ? SealingObstacle.None
            : SealingObstacle.MemberWouldLose;
        return archive;
    }

    /// <summary>Why nothing may be sealed between this user and another, if so.</summary>
    public async Task<SealingObstacle> DirectObstacleAsync(Guid peerId, CancellationToken cancellationToken)
    {
        Dictionary<Guid, ListedKeys> listed =
            await ListedKeys.ReadAsync(connection, [user.UserId, peerId], cancellationToken).ConfigureAwait(false);
        IReadOnlyList<X25519PublicKey> peerKeys = peers is null or ListedPeerKeys
            ? listed[peerId].All
            : await peers.GetAsync(peerId, cancellationToken).ConfigureAwait(false);
        return Obstacle(listed[user.UserId], listed[peerId], peerKeys);
    }

    /// <summary>Unless every device of both sides comes to the same archive key, what one seals is lost to another.</summary>
    private SealingObstacle Obstacle(ListedKeys own, ListedKeys peer, IReadOnlyList<X25519PublicKey> peerKeys) =>
        own.Usable.Count == 0 || own.Usable[0] != user.KeyPairs[0].PublicKey ? SealingObstacle.OwnKeyNotListed
        : own.Usable.Any(key => user.KeyPairs.All(pair => pair.PublicKey != key)) ? SealingObstacle.OwnOtherDevice
        : peer.Usable.Count == 0 || peerKeys.Count == 0 ? SealingObstacle.PeerWithoutKey
        : peer.Usable.Count > 1 ? SealingObstacle.PeerSeveralDevices
        : SealingObstacle.None;
}
