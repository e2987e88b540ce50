using System.Security.Cryptography;
using Npgsql;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>What one user needs for one conversation: the keys that its legacy messages may be under, and the archive keys,
/// of which the first seals. The owner disposes it.</summary>
/// <remarks>A direct conversation's archive key comes from the agreement of its two users, and was never known to the server. A
/// pulse's comes from its newest wrapped legacy key, which is what every member can have. The lists are read-only; docs/
/// protocol-postgresql.md, "Archive keys".</remarks>
public sealed class ConversationArchive : IDisposable
{
    private readonly List<SecretKey> _owned = [];
    private readonly List<ArchiveKey> _archiveKeys = [];
    private readonly List<LegacyCandidate> _candidates = [];

    private ConversationArchive()
    {
    }

    /// <summary>The archive keys to open messages with; the first one seals. Empty where the conversation has none.</summary>
    public IReadOnlyList<ArchiveKey> ArchiveKeys => _archiveKeys;

    /// <summary>The legacy key row behind the first archive key of a pulse.</summary>
    internal Guid? ArchiveSource { get; private set; }

    internal IReadOnlyList<LegacyCandidate> Candidates => _candidates;

    /// <summary>Reads and derives the keys of a direct conversation.</summary>
    /// <param name="dataSource">Logs in as the user. Not disposed.</param>
    /// <param name="user">The user.</param>
    /// <param name="peerId">The other user.</param>
    /// <param name="peers">Where the other user's public keys come from.</param>
    /// <param name="derivation">The current key schedule.</param>
    /// <param name="legacy">The legacy derivations.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task<ConversationArchive> OfDirectAsync(
        NpgsqlDataSource dataSource, UserKeys user, Guid peerId, IPeerKeys peers, IKeyDerivationService derivation,
        ILegacyKeyDerivation legacy, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        ArgumentNullException.ThrowIfNull(user);
        ArgumentNullException.ThrowIfNull(peers);
        ArgumentNullException.ThrowIfNull(derivation);
        ArgumentNullException.ThrowIfNull(legacy);
        string id = LegacyNames.DirectConversationId(user.UserId, peerId);
        var archive = new ConversationArchive();
        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        List<UnwrappedKey> named = await UnwrappedKeys.ReadAsync(connection, user, id, cancellationToken).ConfigureAwait(false);
        List<UnwrappedKey> unnamed = await UnwrappedKeys.ReadAsync(connection, user, null, cancellationToken).ConfigureAwait(false);
        archive.Add(named);
        archive.Add(unnamed);
        List<string> names = [id, .. unnamed.Select(key => key.Conversation).Distinct()];
        foreach (X25519PublicKey peer in await peers.GetAsync(peerId, cancellationToken).ConfigureAwait(false))
        {
            foreach (X25519KeyPair own in user.KeyPairs)
            {
                archive._archiveKeys.Add(archive.Own(derivation.DeriveArchiveKey(own, peer, new ConversationContext(id))));
                foreach (string name in names)
                {
                    archive._candidates.Add(new("v1", archive.Own(legacy.DeriveV1ConversationKey(own, peer, name))));
                    archive._candidates.Add(new("v0", archive.Own(legacy.DeriveV0ConversationKey(own, peer, name))));
                }
            }
        }

        archive._candidates.AddRange(user.ExtraCandidates(id));
        return archive;
    }

    /// <summary>Reads and derives the keys of a pulse.</summary>
    /// <param name="dataSource">Logs in as the user. Not disposed.</param>
    /// <param name="user">The user.</param>
    /// <param name="pulseId">The pulse.</param>
    /// <param name="derivation">The current key schedule.</param>
    /// <param name="legacy">The legacy derivations.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task<ConversationArchive> OfPulseAsync(
        NpgsqlDataSource dataSource, UserKeys user, Guid pulseId, IKeyDerivationService derivation, ILegacyKeyDerivation legacy,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        ArgumentNullException.ThrowIfNull(user);
        ArgumentNullException.ThrowIfNull(derivation);
        ArgumentNullException.ThrowIfNull(legacy);
        string id = pulseId.ToString("D");
        var archive = new ConversationArchive();
        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        List<UnwrappedKey> keys = await UnwrappedKeys.ReadAsync(connection, user, id, cancellationToken).ConfigureAwait(false);
        archive.Add(keys);
        byte[] secret = new byte[LegacyKey.KeySize];
        foreach (UnwrappedKey key in keys)
        {
            key.Key.Export(secret);
            if (secret.AsSpan().ContainsAnyExcept((byte)0))
            {
                archive.ArchiveSource ??= key.SourceId;
                archive._archiveKeys.Add(archive.Own(
                    derivation.DeriveArchiveKey(secret, new ConversationContext(id, ConversationKind.Pulse))));
            }
        }

        CryptographicOperations.ZeroMemory(secret);
        foreach (X25519KeyPair own in user.KeyPairs)
        {
            archive._candidates.Add(new("v1 pulse", archive.Own(legacy.DeriveV1PulseKey(own, id))));
        }

        archive._candidates.AddRange(user.ExtraCandidates(id));
        return archive;
    }

    /// <summary>Zeroes the keys.</summary>
    public void Dispose() => _owned.ForEach(key => key.Dispose());

    /// <summary>Leaves the conversation without an archive key: its messages stay as they are.</summary>
    internal void DoNotSeal() => _archiveKeys.Clear();

    private void Add(List<UnwrappedKey> keys) =>
        _candidates.AddRange(keys.Select(key => new LegacyCandidate("wrapped", Own(key.Key))));

    private T Own<T>(T key)
        where T : SecretKey
    {
        _owned.Add(key);
        return key;
    }
}
