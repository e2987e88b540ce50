using System.Diagnostics;
using Npgsql;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>Re-seals a user's messages under the archive keys of their conversations: what each user's app runs once it has
/// the new library. Every participant of a conversation may run it at the same time.</summary>
/// <remarks>Uses two connections where the data source has them: the next batch is read and sealed while one is written. A message is written back only if its row has not changed since it was read; its original is kept, sealed to the
/// operator's recovery key. Stopped at any point, it goes on from the last batch. The data source logs in as the user (role
/// <c>authenticated</c>, the id in <c>request.jwt.claim.sub</c>). Thread-safe. docs/protocol-postgresql.md.</remarks>
public sealed class MessageMigrator
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly UserKeys _user;
    private readonly IPeerKeys _peers;
    private readonly IKeyDerivationService _derivation;
    private readonly ILegacyKeyDerivation _legacy;
    private readonly IMessageSealer _sealer;
    private readonly TimeProvider _time;
    private readonly MessageMigrationOptions _options;

    /// <param name="dataSource">Logs in as the user. Not disposed.</param>
    /// <param name="user">The user and their key pairs.</param>
    /// <param name="peers">Where other users' public keys come from.</param>
    /// <param name="derivation">The current key schedule.</param>
    /// <param name="legacy">The legacy derivations.</param>
    /// <param name="sealer">Seals the messages.</param>
    /// <param name="options">Batch, timeout, failure rate.</param>
    /// <param name="time">The clock of the timeout.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public MessageMigrator(
        NpgsqlDataSource dataSource, UserKeys user, IPeerKeys peers, IKeyDerivationService derivation,
        ILegacyKeyDerivation legacy, IMessageSealer sealer, MessageMigrationOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        ArgumentNullException.ThrowIfNull(user);
        ArgumentNullException.ThrowIfNull(peers);
        ArgumentNullException.ThrowIfNull(derivation);
        ArgumentNullException.ThrowIfNull(legacy);
        ArgumentNullException.ThrowIfNull(sealer);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        _dataSource = dataSource;
        _user = user;
        _peers = peers;
        _derivation = derivation;
        _legacy = legacy;
        _sealer = sealer;
        _options = options;
        _time = time;
    }

    /// <summary>Whether the operator has completed the schema migration.</summary>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<bool> IsMigrationCompletedAsync(CancellationToken cancellationToken = default)
    {
        await using NpgsqlConnection connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return await connection.ScalarAsync("select public.is_migration_completed()", cancellationToken)
            .ConfigureAwait(false) is true;
    }

    /// <summary>Whether both this user and another have keys to talk securely with, and every device of both comes to the same
    /// archive key: the own current public key is the one that the database lists, and neither lists a second one.</summary>
    /// <param name="peerId">The other user.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<bool> VerifySecureKeyExchangeAsync(Guid peerId, CancellationToken cancellationToken = default)
    {
        await using NpgsqlConnection connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return await connection.ScalarAsync(
            "select public.can_establish_secure_communication($1, $2)", cancellationToken, _user.UserId, peerId)
            .ConfigureAwait(false) is true
            && await Opener(connection).DirectObstacleAsync(peerId, cancellationToken).ConfigureAwait(false)
                == SealingObstacle.None;
    }

    /// <summary>Re-seals the user's messages, as far as the time allows.</summary>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellationToken">Stops within the batch at hand, which is then written whole or not at all.</param>
    /// <exception cref="E2EException">The operator has no recovery key in the database yet
    /// (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public async Task<MessageMigrationReport> MigrateExistingMessagesAsync(
        IProgress<MessageMigrationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        using Activity? activity = Telemetry.MigrationBegins("migrate messages");
        await using NpgsqlConnection connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        (Guid backupKeyId, ArchiveKey backupKey) = await BeginBackupAsync(connection, cancellationToken).ConfigureAwait(false);
        bool readsAhead = new NpgsqlConnectionStringBuilder(_dataSource.ConnectionString) is { Pooling: false } or { MaxPoolSize: > 1 };
        await using NpgsqlConnection? second = readsAhead
            ? await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false)
            : null;
        using (backupKey)
        {
            NpgsqlConnection reading = second ?? connection;
            using var pages = new SealedPages(reading, Opener(reading), _user, backupKey, _sealer, _options.BatchSize);
            var run = new MessageMigrationRun(
                connection, pages, _user.UserId, backupKeyId, readsAhead, _options, new MessageTally(_time), progress);
            return await run.RunAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private ArchiveOpener Opener(NpgsqlConnection connection) => new(connection, _user, _peers, _derivation, _legacy);

    private async Task<(Guid Id, ArchiveKey Key)> BeginBackupAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var recovery = await connection.ScalarAsync("select public.e2e_recovery_public_key()", cancellationToken)
            .ConfigureAwait(false) as byte[];
        if (recovery is not [0x01, ..])
        {
            throw new E2EException(E2EError.InvalidPublicKey, "The database has no recovery key yet.");
        }

        var id = (Guid)(await connection.ScalarAsync("select gen_random_uuid()", cancellationToken).ConfigureAwait(false))!;
        (ArchiveKey key, byte[] sealedKey) =
            BackupKeyring.Create(X25519PublicKey.FromBytes(recovery.AsSpan(1)), id, _user.UserId);
        await connection.RunAsync("select public.e2e_begin_backup_key($1, $2)", cancellationToken, id, sealedKey)
            .ConfigureAwait(false);
        return (id, key);
    }
}
