using Npgsql;
using NpgsqlTypes;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The way back: messages in batches, then keys and schema in one transaction.</summary>
internal sealed class Rollback(NpgsqlDataSource dataSource, X25519KeyPair recovery, bool acceptLoss)
{
    private const int BatchSize = 500;

    public async Task RunAsync(
        SecureKeyExchangeMigration migration, string reason, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        // What does not open is found before anything is changed.
        if (!await CheckAsync(migration, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        // From here on no app re-seals a message.
        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await connection.RunAsync(
            """
            revoke execute on function public.e2e_reseal_direct(uuid, uuid[], bytea[], text[], bytea[]),
              public.e2e_reseal_chat(uuid, uuid[], bytea[], text[], bytea[], uuid) from authenticated
            """,
            cancellationToken).ConfigureAwait(false);
        await RestoreMessagesAsync(connection, progress, cancellationToken).ConfigureAwait(false);
        await CheckRestAsync(connection, cancellationToken).ConfigureAwait(false);
        await RestoreKeysAsync(connection, reason, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What a run would refuse, found without changing anything: every backup is opened.</summary>
    /// <returns>Whether there is anything to restore.</returns>
    public async Task<bool> CheckAsync(SecureKeyExchangeMigration migration, CancellationToken cancellationToken)
    {
        MigrationStatus status = await migration.ReadStatusAsync(cancellationToken).ConfigureAwait(false);
        if (status.Phase is null)
        {
            throw new MigrationException(MigrationRefusal.NothingToRestore, "The migration has not begun.");
        }

        if (status.Phase == "rolled_back")
        {
            return false;
        }

        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await CheckAsync(connection, status, cancellationToken).ConfigureAwait(false);
        foreach (KeySource source in KeySource.All)
        {
            await OpenAsync(connection, source.Table, cancellationToken).ConfigureAwait(false);
        }

        if (!acceptLoss)
        {
            await CheckOriginalsAsync(connection, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private async Task CheckOriginalsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        using var keys = new BackupKeyring(recovery);
        List<Guid> lost = [];
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            """
            select b.conversation_id, b.message_id, b.source_table, b.sealed_original, k.id, k.user_id, k.sealed_key
            from public.e2e_message_backup b join public.e2e_backup_keys k on k.id = b.backup_key_id
            order by b.conversation_id, b.message_id
            """, cancellationToken).ConfigureAwait(false))
        {
            if (keys.TryGet(row.GetGuid(4), row.GetGuid(5), (byte[])row[6]) is not { } key
                || MessageOriginal.TryOpen(key, (byte[])row[3], row.GetString(0), row.GetString(2), row.GetGuid(1)) is null)
            {
                lost.Add(row.GetGuid(1));
            }
        }

        RefuseLost(lost, "Nothing restored");
    }

    private async Task CheckAsync(NpgsqlConnection connection, MigrationStatus status, CancellationToken cancellationToken)
    {
        byte[] tagged = [0x01, .. recovery.PublicKey.Span];
        if (await connection.ScalarAsync("select public_key = $1 from public.e2e_recovery_key", cancellationToken, tagged)
            .ConfigureAwait(false) is false)
        {
            throw new MigrationException(
                MigrationRefusal.WrongRecoveryKey, "The backups were sealed to another recovery key.");
        }

        if (status.Phase == "contracted" && status.AffectedRecords > 0 && await connection.ScalarAsync(
            "select 1 from public.e2e_key_backup limit 1", cancellationToken).ConfigureAwait(false) is null)
        {
            throw new MigrationException(MigrationRefusal.NothingToRestore, "The sealed backups were dropped.");
        }
    }

    /// <summary>A backup that is still there did not open: a member has written it, after the check, who had no original to
    /// seal.</summary>
    private async Task CheckRestAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        List<Guid> lost = [];
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            "select message_id from public.e2e_message_backup order by conversation_id, message_id", cancellationToken)
            .ConfigureAwait(false))
        {
            lost.Add(row.GetGuid(0));
        }

        RefuseLost(lost, "Keys not restored");
    }

    private void RefuseLost(List<Guid> lost, string outcome)
    {
        if (lost.Count > 0 && !acceptLoss)
        {
            throw new MigrationException(
                MigrationRefusal.CorruptBackup,
                $"{outcome}: {lost.Count} message(s) have a sealed original that does not open, the first of them "
                + $"{string.Join(", ", lost.Take(10))}. --accept-loss gives these up.");
        }
    }

    private async Task RestoreMessagesAsync(
        NpgsqlConnection connection, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        long restored = 0;
        using var keys = new BackupKeyring(recovery);
        (string Conversation, Guid Id) last = (string.Empty, Guid.Empty);
        while (true)
        {
            await using NpgsqlTransaction transaction =
                await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            List<MessageOriginal> originals = [];
            int read = 0;
            await foreach (NpgsqlDataReader row in connection.QueryAsync(
                $"""
                select b.conversation_id, b.message_id, b.source_table, b.sealed_original, k.id, k.user_id, k.sealed_key
                from public.e2e_message_backup b join public.e2e_backup_keys k on k.id = b.backup_key_id
                where (b.conversation_id, b.message_id) > ($1, $2)
                order by b.conversation_id, b.message_id limit {BatchSize} for update of b
                """,
                cancellationToken, last.Conversation, last.Id).ConfigureAwait(false))
            {
                read++;
                last = (row.GetString(0), row.GetGuid(1));
                if (keys.TryGet(row.GetGuid(4), row.GetGuid(5), (byte[])row[6]) is { } key
                    && MessageOriginal.TryOpen(key, (byte[])row[3], last.Conversation, row.GetString(2), last.Id) is { } original)
                {
                    originals.Add(original);
                }
            }

            if (read == 0)
            {
                return;
            }

            foreach (string table in (string[])["direct_messages", "chat_messages"])
            {
                await WriteAsync(connection, table, [.. originals.Where(original => original.Table == table)], cancellationToken)
                    .ConfigureAwait(false);
            }

            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            restored += originals.Count;
            progress?.Report(restored);
        }
    }

    private static async Task WriteAsync(
        NpgsqlConnection connection, string table, MessageOriginal[] originals, CancellationToken cancellationToken)
    {
        if (originals.Length == 0)
        {
            return;
        }

        await connection.RunAsync("set local pulsemeet_e2e.restoring = 'on'", cancellationToken).ConfigureAwait(false);
        Guid[] ids = [.. originals.Select(original => original.Id)];
        await connection.RunAsync(
            $"""
            update public.{table} m set content = o.content, encryption_metadata = o.metadata::jsonb,
              is_encrypted = o.is_encrypted, key_version = o.key_version
            from unnest($1, $2, $3, $4, $5) as o(id, content, metadata, is_encrypted, key_version)
            where m.id = o.id and public.e2e_is_archived(m.key_version, m.encryption_metadata)
            """,
            cancellationToken, ids,
            originals.Select(original => original.Content).ToArray(),
            Texts(originals.Select(original => original.Metadata)),
            originals.Select(original => original.IsEncrypted).ToArray(),
            originals.Select(original => original.KeyVersion).ToArray()).ConfigureAwait(false);
        await connection.RunAsync(
            "delete from public.e2e_message_backup where source_table = $1 and message_id = any($2)",
            cancellationToken, table, ids).ConfigureAwait(false);
    }

    private static string?[] Texts(IEnumerable<string?> values) => [.. values];

    private async Task RestoreKeysAsync(NpgsqlConnection connection, string reason, CancellationToken cancellationToken)
    {
        await using NpgsqlTransaction transaction =
            await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await connection.RunAsync(MigrationScripts.RollbackBegin, cancellationToken).ConfigureAwait(false);
        if (await connection.ScalarAsync(
            "select 1 from public.e2e_migration_status where migration_name = 'secure_key_exchange_v1' and phase = 'rolled_back'",
            cancellationToken).ConfigureAwait(false) is not null)
        {
            return;
        }

        string[] pulses = await OpenAsync(connection, "pulse_chat_keys", cancellationToken).ConfigureAwait(false);
        string[] direct = await OpenAsync(connection, "direct_message_keys", cancellationToken).ConfigureAwait(false);

        // A key that is there is left as it is: what a backup holds never replaces something newer.
        await connection.RunAsync(
            """
            update public.pulse_chat_keys k set symmetric_key = r.j ->> 'symmetric_key'
            from (select t::jsonb as j from unnest($1) as t) r where k.id = (r.j ->> 'id')::uuid and k.symmetric_key is null
            """,
            cancellationToken, (object)pulses).ConfigureAwait(false);
        await connection.RunAsync(
            """
            insert into public.direct_message_keys
            select p.* from unnest($1) as t cross join lateral jsonb_populate_record(null::public.direct_message_keys, t::jsonb) as p
            where exists (select from auth.users u where u.id = p.created_by) on conflict do nothing
            """,
            cancellationToken, (object)direct).ConfigureAwait(false);
        await connection.RunAsync(MigrationScripts.RollbackFinish, cancellationToken).ConfigureAwait(false);
        await connection.RunAsync(
            """
            update public.e2e_migration_status set status = 'failed', phase = 'rolled_back', error_message = $1,
              completed_at = null, updated_at = now() where migration_name = 'secure_key_exchange_v1'
            """,
            cancellationToken, reason).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<string[]> OpenAsync(NpgsqlConnection connection, string table, CancellationToken cancellationToken)
    {
        List<string> rows = [];
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            "select source_id, sealed_row from public.e2e_key_backup where source_table = $1", cancellationToken, table)
            .ConfigureAwait(false))
        {
            try
            {
                rows.Add(Utf8.GetString(Hpke.Open(
                    recovery, Binding.KeyBackupInfo, Binding.Of(table, row.GetGuid(0).ToString("D")), (byte[])row[1])));
            }
            catch (E2EException)
            {
                throw new MigrationException(
                    MigrationRefusal.CorruptBackup, $"The sealed backup of {table} {row.GetGuid(0)} does not open. Nothing restored.");
            }
        }

        return [.. rows];
    }
}
