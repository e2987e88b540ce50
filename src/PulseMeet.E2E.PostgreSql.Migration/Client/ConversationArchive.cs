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

    internal ConversationArchive()
    {
    }

    /// <summary>The archive keys to open messages with; the first one seals. Empty where the conversation has none.</summary>
    public IReadOnlyList<ArchiveKey> ArchiveKeys => _archiveKeys;

    /// <summary>The legacy key row behind the first archive key of a pulse.</summary>
    internal Guid? ArchiveSource { get; set; }

    /// <summary>Why nothing is sealed here for now.</summary>
    internal SealingObstacle Obstacle { get; set; }

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
        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return await new ArchiveOpener(connection, user, peers, derivation, legacy).OpenDirectAsync(peerId, cancellationToken)
            .ConfigureAwait(false);
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
        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return await new ArchiveOpener(connection, user, null, derivation, legacy).OpenPulseAsync(pulseId, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Opens a message that is still in a legacy format: one that could not be re-sealed, as where the peer has no
    /// usable public key. The wrapped copies of the legacy keys are tried, and what the users' key pairs give.</summary>
    /// <param name="content">The column <c>content</c>.</param>
    /// <param name="encryptionMetadata">The column <c>encryption_metadata</c>, or null.</param>
    /// <param name="isEncrypted">The column <c>is_encrypted</c>.</param>
    /// <returns>What the message said. The server held its key: it is never to be shown as authenticated.</returns>
    /// <exception cref="E2EException">Malformed, or under none of the keys (<see cref="E2EError.NoKeyFits"/>).</exception>
    /// <remarks>Nothing of a conversation that is closed (<c>e2e_migrated_conversations</c>) is to be read so, but for the
    /// messages that were there before.</remarks>
    public LegacyPlaintext OpenLegacy(string content, string? encryptionMetadata, bool isEncrypted)
    {
        ArgumentNullException.ThrowIfNull(content);
        return LegacyMessage.Parse(content, encryptionMetadata, isEncrypted).Open(_candidates);
    }

    /// <summary>Zeroes the keys.</summary>
    public void Dispose() => _owned.ForEach(key => key.Dispose());

    internal void AddArchiveKey(ArchiveKey key) => _archiveKeys.Add(Own(key));

    internal void AddCandidate(string name, LegacyKey key) => _candidates.Add(new(name, Own(key)));

    /// <summary>Candidates that stay somebody else's to dispose.</summary>
    internal void AddForeign(IEnumerable<LegacyCandidate> candidates) => _candidates.AddRange(candidates);

    private T Own<T>(T key)
        where T : SecretKey
    {
        _owned.Add(key);
        return key;
    }
}
