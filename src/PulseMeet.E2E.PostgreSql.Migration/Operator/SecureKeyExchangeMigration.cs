using Npgsql;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The schema migration <c>secure_key_exchange_v1</c>: expand, wrap, verify, contract, and the way back.</summary>
/// <remarks>Every phase may be run again, and from several machines at once; a phase that was killed leaves the state before
/// it, or for wrapping the batches that were done. The data source logs in as the owner of the legacy tables. Thread-safe.
/// docs/migration-guide.md.</remarks>
public sealed class SecureKeyExchangeMigration
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly TimeProvider _time;

    /// <param name="dataSource">Not disposed.</param>
    /// <param name="time">The clock that rates are measured with.</param>
    public SecureKeyExchangeMigration(NpgsqlDataSource dataSource, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        ArgumentNullException.ThrowIfNull(time);
        _dataSource = dataSource;
        _time = time;
    }

    /// <summary>Phase 1. Drops nothing and changes no row of the app.</summary>
    /// <param name="cancellationToken">Stops; the phase is then done whole or not at all.</param>
    /// <exception cref="PostgresException">55P03: the app held a table through every attempt; run again.</exception>
    public async Task ExpandAsync(CancellationToken cancellationToken = default)
    {
        await PagingIndexes.EnsureAsync(_dataSource, cancellationToken).ConfigureAwait(false);
        await ScriptAsync(MigrationScripts.Expand, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Phase 2: seals each plaintext key to its members and each key row to the recovery key. No private key is
    /// needed. Running again serves members and public keys that came later.</summary>
    /// <param name="recovery">The operator's recovery public key; the same in every run.</param>
    /// <param name="progress">Told after each batch of 200 keys.</param>
    /// <param name="cancellationToken">Stops after the batch at hand.</param>
    /// <exception cref="MigrationException">Not expanded yet, or begun with another recovery key.</exception>
    public async Task<WrapProgress> WrapAsync(
        X25519PublicKey recovery, IProgress<WrapProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recovery);
        MigrationStatus status = await ReadStatusAsync(cancellationToken).ConfigureAwait(false);
        if (status.Phase is null or "rolled_back")
        {
            throw new MigrationException(MigrationRefusal.OutOfOrder, "Not expanded yet.");
        }

        await UseRecoveryKeyAsync(recovery, cancellationToken).ConfigureAwait(false);
        WrapProgress result =
            await new KeyWrapper(_dataSource, recovery, _time).RunAsync(progress, cancellationToken).ConfigureAwait(false);
        await using NpgsqlConnection connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await connection.RunAsync(
            """
            update public.e2e_migration_status set phase = case phase when 'expanded' then 'wrapped' else phase end, updated_at = now(),
              affected_records = (select count(*) from public.e2e_key_backup)
            where migration_name = 'secure_key_exchange_v1' and phase in ('expanded', 'wrapped', 'verified')
            """,
            cancellationToken).ConfigureAwait(false);
        return result;
    }

    /// <summary>Phase 3: every key has a current sealed backup and every member a wrapped copy or a listed reason.</summary>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="MigrationException">It has not (<see cref="MigrationRefusal.NotVerified"/>).</exception>
    public Task VerifyAsync(CancellationToken cancellationToken = default) =>
        ScriptAsync(MigrationScripts.Verify, cancellationToken);

    /// <summary>Phase 4: the plaintext keys go, and the migration is completed.</summary>
    /// <param name="acceptLoss">The operator's choice that members who are listed lose access.</param>
    /// <param name="cancellationToken">Stops; the phase is then done whole or not at all.</param>
    /// <exception cref="MigrationException">Not verified, or members would lose access.</exception>
    public Task ContractAsync(bool acceptLoss = false, CancellationToken cancellationToken = default) =>
        ScriptAsync(
            $"set pulsemeet_e2e.accept_loss = '{(acceptLoss ? "on" : "off")}';\n" + MigrationScripts.Contract, cancellationToken);

    /// <summary>Restores the legacy shape, every key and every re-sealed message byte for byte, from any phase.</summary>
    /// <param name="recovery">The recovery key pair. Not disposed.</param>
    /// <param name="reason">Why; written into the migration's status.</param>
    /// <param name="progress">Told how many messages are restored.</param>
    /// <param name="cancellationToken">Stops; running again goes on.</param>
    /// <param name="acceptLoss">The operator's choice that messages whose sealed original does not open stay as they are; their
    /// backups then go. Without it such a rollback changes nothing. A junk original that a member writes while it runs stops it
    /// before the keys.</param>
    /// <exception cref="MigrationException">Another recovery key, no backups any more, or some that do not open.</exception>
    public Task RollbackAsync(
        X25519KeyPair recovery, string reason, IProgress<long>? progress = null, bool acceptLoss = false,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recovery);
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return new Rollback(_dataSource, recovery, acceptLoss).RunAsync(this, reason, progress, cancellationToken);
    }

    /// <summary>Whether <see cref="RollbackAsync"/> would be refused. Changes nothing.</summary>
    /// <param name="recovery">The recovery key pair. Not disposed.</param>
    /// <param name="acceptLoss">As for <see cref="RollbackAsync"/>.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="MigrationException">It would, with the same reason.</exception>
    public Task CheckRollbackAsync(X25519KeyPair recovery, bool acceptLoss = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recovery);
        return new Rollback(_dataSource, recovery, acceptLoss).CheckAsync(this, cancellationToken);
    }

    /// <summary>Whom wrapping would not serve as the database stands, in any phase. Changes nothing.</summary>
    /// <param name="cancellationToken">Stops.</param>
    public Task<MigrationForecast> ForecastAsync(CancellationToken cancellationToken = default) =>
        LossForecast.ReadAsync(_dataSource, cancellationToken);

    /// <summary>Drops the sealed backups, after which nothing can be rolled back.</summary>
    /// <param name="acceptLoss">The operator's choice that messages which are not re-sealed stay so, without a backup of the
    /// keys that they lie under.</param>
    /// <param name="cancellationToken">Stops; nothing is then dropped.</param>
    /// <exception cref="MigrationException">The migration is not completed (<see cref="MigrationRefusal.OutOfOrder"/>), or messages
    /// are not re-sealed (<see cref="MigrationRefusal.AccessWouldBeLost"/>).</exception>
    public async Task DropBackupsAsync(bool acceptLoss = false, CancellationToken cancellationToken = default)
    {
        MigrationStatus status = await ReadStatusAsync(cancellationToken).ConfigureAwait(false);
        if (status.Status != "completed")
        {
            throw new MigrationException(MigrationRefusal.OutOfOrder, "Backups are dropped after contract only.");
        }

        if (status.LegacyMessages > 0 && !acceptLoss)
        {
            throw new MigrationException(
                MigrationRefusal.AccessWouldBeLost,
                $"Backups not dropped: {status.LegacyMessages} message(s) are not re-sealed; --accept-loss names that choice.");
        }

        await using NpgsqlConnection connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await connection.RunAsync(
            """
            begin;
            truncate public.e2e_key_backup, public.e2e_message_backup, public.e2e_backup_keys;
            drop schema if exists pulsemeet_e2e_retired cascade;
            commit
            """, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What the database says about the migration.</summary>
    /// <param name="cancellationToken">Stops.</param>
    public Task<MigrationStatus> ReadStatusAsync(CancellationToken cancellationToken = default) =>
        StatusReader.ReadAsync(_dataSource, cancellationToken);

    /// <summary>The members and keys that wrapping could not serve, in the order of conversations.</summary>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Stops.</param>
    public Task<IReadOnlyList<UnservedMember>> ReadUnservedAsync(int limit, CancellationToken cancellationToken = default) =>
        StatusReader.ReadUnservedAsync(_dataSource, limit, cancellationToken);

    private async Task UseRecoveryKeyAsync(X25519PublicKey recovery, CancellationToken cancellationToken)
    {
        byte[] tagged = [0x01, .. recovery.Span];
        await using NpgsqlConnection connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await connection.RunAsync(
            "insert into public.e2e_recovery_key (public_key) values ($1) on conflict do nothing", cancellationToken, tagged)
            .ConfigureAwait(false);
        if (await connection.ScalarAsync("select public_key = $1 from public.e2e_recovery_key", cancellationToken, tagged)
            .ConfigureAwait(false) is not true)
        {
            throw new MigrationException(
                MigrationRefusal.WrongRecoveryKey, "The migration was begun with another recovery key.");
        }
    }

    /// <summary>Runs a phase, again where the app held a table for longer than the phase waits.</summary>
    private async Task ScriptAsync(string sql, CancellationToken cancellationToken)
    {
        const int attempts = 20;
        await using NpgsqlConnection connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await connection.RunAsync(sql, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (PostgresException exception)
            {
                await connection.RunAsync("rollback", CancellationToken.None).ConfigureAwait(false);
                MigrationRefusal? refusal = exception.SqlState switch
                {
                    "P0E01" => MigrationRefusal.NotVerified,
                    "P0E02" => MigrationRefusal.OutOfOrder,
                    "P0E03" => MigrationRefusal.AccessWouldBeLost,
                    _ => null,
                };
                if (refusal is { } reason)
                {
                    throw new MigrationException(reason, exception.MessageText);
                }

                if (exception.SqlState != PostgresErrorCodes.LockNotAvailable || attempt == attempts)
                {
                    throw;
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(250), _time, cancellationToken).ConfigureAwait(false);
        }
    }
}
