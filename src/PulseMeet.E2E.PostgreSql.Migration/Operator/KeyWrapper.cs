using System.Diagnostics;
using System.Security.Cryptography;
using Npgsql;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>Seals every legacy key to each usable public key of each member, and its whole row to the operator's recovery
/// key. Any number of wrappers may run at once: a batch is one transaction over rows that nobody else holds.</summary>
internal sealed class KeyWrapper(NpgsqlDataSource dataSource, X25519PublicKey recovery, TimeProvider time)
{
    private const int BatchSize = 200;

    private long _keys;
    private long _wrapped;
    private long _problems;

    public async Task<WrapProgress> RunAsync(IProgress<WrapProgress>? progress, CancellationToken cancellationToken)
    {
        using Activity? activity = Telemetry.MigrationBegins("wrap keys");
        long started = time.GetTimestamp();
        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        long total = 0;
        foreach (KeySource source in KeySource.All)
        {
            await using NpgsqlTransaction transaction =
                await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await connection.RunAsync(
                "select pg_advisory_xact_lock_shared($1)", cancellationToken, MigrationScripts.AdvisoryLock).ConfigureAwait(false);
            if (await IsPresentAsync(connection, source, cancellationToken).ConfigureAwait(false))
            {
                total += (long)(await connection.ScalarAsync(
                    $"select count(*) from public.{source.Table}", cancellationToken).ConfigureAwait(false))!;
                await connection.RunAsync(
                    $"""
                    delete from public.e2e_wrap_problems p where p.source_table = '{source.Table}'
                      and not exists (select from public.{source.Table} k where k.id = p.source_id)
                    """, cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        WrapProgress Now() => new(_keys, total, _wrapped, _problems, time.GetElapsedTime(started));
        foreach (KeySource source in KeySource.All)
        {
            // First what nobody has sealed yet, side by side with other workers; then everything once more, waiting for the
            // others, so that members and keys that came later are served and the run ends with nothing missing.
            foreach (bool share in (bool[])[true, false])
            {
                Guid? last = Guid.Empty;
                while (last is { } from)
                {
                    last = await BatchAsync(connection, source, from, share, cancellationToken).ConfigureAwait(false);
                    progress?.Report(Now());
                }
            }
        }

        return Now();
    }

    internal static async Task<bool> IsPresentAsync(
        NpgsqlConnection connection, KeySource source, CancellationToken cancellationToken) =>
        await connection.ScalarAsync(
            """
            select 1 from pg_attribute where attrelid = to_regclass('public.' || $1) and attname = 'symmetric_key'
              and not attisdropped
            """,
            cancellationToken, source.Table).ConfigureAwait(false) is not null;

    /// <returns>The last row of the batch, or null when there are no more.</returns>
    private async Task<Guid?> BatchAsync(
        NpgsqlConnection connection, KeySource source, Guid from, bool share, CancellationToken cancellationToken)
    {
        await using NpgsqlTransaction transaction =
            await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await connection.RunAsync(
            "select pg_advisory_xact_lock_shared($1)", cancellationToken, MigrationScripts.AdvisoryLock)
            .ConfigureAwait(false);
        if (!await IsPresentAsync(connection, source, cancellationToken).ConfigureAwait(false))
        {
            // Another operator has contracted meanwhile.
            return null;
        }

        List<LegacyKeyRow> rows = await ReadAsync(connection, source, from, share, cancellationToken).ConfigureAwait(false);
        if (rows.Count == 0)
        {
            return null;
        }

        await BackUpAsync(connection, source, [.. rows.Where(row => !row.IsCurrent)], cancellationToken).ConfigureAwait(false);
        if (source.Conversation is not null)
        {
            List<KeyMember> members = await MembersAsync(connection, source, rows, cancellationToken).ConfigureAwait(false);
            await WrapAsync(connection, source, rows, members, share, cancellationToken).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        _keys += share ? rows.Count : rows.Count(row => row.IsCurrent) - rows.Count(row => !row.IsCurrent);
        return rows[^1].Id;
    }

    private static async Task<List<LegacyKeyRow>> ReadAsync(
        NpgsqlConnection connection, KeySource source, Guid from, bool share, CancellationToken cancellationToken)
    {
        List<LegacyKeyRow> rows = [];
        string sql = $"""
            select k.id, k.key_id, {source.Conversation ?? "''"}, coalesce(k.version, 1), coalesce(k.symmetric_key, ''),
              (to_jsonb(k) - array['key_exchange_method', 'requires_key_derivation', 'migration_completed'])::text,
              public.e2e_key_digest(to_jsonb(k)),
              coalesce(b.row_digest = public.e2e_key_digest(to_jsonb(k)), false)
            from public.{source.Table} k
            left join public.e2e_key_backup b on b.source_table = '{source.Table}' and b.source_id = k.id
            where k.id > $1 {(share ? "and b.row_digest is distinct from public.e2e_key_digest(to_jsonb(k))" : "")}
            order by k.id limit {BatchSize} for update of k {(share ? "skip locked" : "")}
            """;
        await foreach (NpgsqlDataReader row in connection.QueryAsync(sql, cancellationToken, from).ConfigureAwait(false))
        {
            rows.Add(new(row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetInt32(3), row.GetString(4),
                row.GetString(5), row.GetGuid(6), row.GetBoolean(7)));
        }

        return rows;
    }

    private async Task BackUpAsync(
        NpgsqlConnection connection, KeySource source, List<LegacyKeyRow> rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return;
        }

        byte[][] sealedRows = new byte[rows.Count][];
        Parallel.For(0, rows.Count, i => sealedRows[i] = Hpke.Seal(
            recovery, Binding.KeyBackupInfo, Binding.Of(source.Table, rows[i].Id.ToString("D")),
            Utf8.GetBytes(rows[i].Json)));
        Guid[] ids = [.. rows.Select(row => row.Id)];

        // The key changed since it was wrapped, if it ever was: the copies of the old one go.
        await connection.RunAsync(
            "delete from public.conversation_keys where source_table = $1 and source_id = any($2)",
            cancellationToken, source.Table, ids).ConfigureAwait(false);
        await connection.RunAsync(
            """
            insert into public.e2e_key_backup (source_table, source_id, sealed_row, row_digest)
            select $1, r.id, r.sealed, r.digest from unnest($2, $3, $4) as r(id, sealed, digest)
            on conflict (source_table, source_id) do update
              set sealed_row = excluded.sealed_row, row_digest = excluded.row_digest, sealed_at = now()
            """,
            cancellationToken, source.Table, ids, sealedRows, rows.Select(row => row.Digest).ToArray()).ConfigureAwait(false);
    }

    private static async Task<List<KeyMember>> MembersAsync(
        NpgsqlConnection connection, KeySource source, List<LegacyKeyRow> rows, CancellationToken cancellationToken)
    {
        List<KeyMember> members = [];
        string sql = $"""
            select k.id, m.id, u.key_id, u.public_key, coalesce(u.expires_at <= now(), false), w.is_there is not null
            from public.{source.Table} k
            cross join lateral public.e2e_key_members({source.Conversation}, k.created_by) as m(id)
            left join public.user_public_keys u on u.user_id = m.id and u.is_active and u.algorithm = 'x25519'
            left join lateral (select true as is_there from public.conversation_keys w
                where w.conversation_id = {source.Conversation}
                  and w.recipient_id = m.id and w.source_table = '{source.Table}' and w.source_id = k.id
                  and w.recipient_key_id = u.key_id and w.recipient_key_digest = public.e2e_public_key_digest(u.public_key)
                limit 1) w on true
            where k.id = any($1)
            """;

        // Each key's own copies are looked up by their index, and compiling the statement would take longer than all of it.
        await connection.RunAsync("set local jit = off", cancellationToken).ConfigureAwait(false);
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            sql, cancellationToken, rows.Select(row => row.Id).ToArray()).ConfigureAwait(false))
        {
            members.Add(new(row.GetGuid(0), row.GetGuid(1), row.IsDBNull(2) ? null : row.GetString(2),
                row.IsDBNull(3) ? null : row.GetString(3), row.GetBoolean(4), row.GetBoolean(5)));
        }

        return members;
    }

    private async Task WrapAsync(
        NpgsqlConnection connection, KeySource source, List<LegacyKeyRow> rows, List<KeyMember> members, bool share,
        CancellationToken cancellationToken)
    {
        WrapBatch batch = WrapBatch.Seal(source.Table, rows, members);
        await connection.RunAsync(
            "delete from public.e2e_wrap_problems where source_table = $1 and source_id = any($2)",
            cancellationToken, source.Table, rows.Select(row => row.Id).ToArray()).ConfigureAwait(false);
        if (batch.Problems.Count > 0)
        {
            await connection.RunAsync(
                """
                insert into public.e2e_wrap_problems (source_table, source_id, conversation_id, user_id, reason)
                select $1, p.* from unnest($2, $3, $4, $5) as p
                """,
                cancellationToken, source.Table,
                batch.Problems.Select(problem => problem.Row.Id).ToArray(),
                batch.Problems.Select(problem => problem.Row.Conversation).ToArray(),
                batch.Problems.Select(problem => problem.User).ToArray(),
                batch.Problems.Select(problem => problem.Reason).ToArray()).ConfigureAwait(false);
        }

        if (batch.Wrapped.Count > 0)
        {
            await connection.RunAsync(
                """
                insert into public.conversation_keys (source_table, source_id, conversation_id, key_id, version,
                  recipient_id, recipient_key_id, recipient_key_digest, sealed_key)
                select $1, w.source_id, w.conversation_id, w.key_id, w.version, w.recipient_id, w.recipient_key_id,
                  public.e2e_public_key_digest(w.public_key), w.sealed_key
                from unnest($2, $3, $4, $5, $6, $7, $8, $9)
                  as w(source_id, conversation_id, key_id, version, recipient_id, recipient_key_id, public_key, sealed_key)
                on conflict do nothing
                """,
                cancellationToken, source.Table,
                batch.Wrapped.Select(copy => copy.Row.Id).ToArray(),
                batch.Wrapped.Select(copy => copy.Row.Conversation).ToArray(),
                batch.Wrapped.Select(copy => copy.Row.KeyId).ToArray(),
                batch.Wrapped.Select(copy => copy.Row.Version).ToArray(),
                batch.Wrapped.Select(copy => copy.User).ToArray(),
                batch.Wrapped.Select(copy => copy.PublicKeyId).ToArray(),
                batch.Wrapped.Select(copy => copy.PublicKey).ToArray(),
                batch.Wrapped.Select(copy => copy.Sealed).ToArray()).ConfigureAwait(false);
        }

        _wrapped += batch.Wrapped.Count;
        _problems += batch.NewProblems;
        Telemetry.Migrated("key", "wrapped", batch.Wrapped.Count);
        if (!share)
        {
            // Every row comes by in the last pass, and those without a problem before have one no more.
            int malformed = batch.Problems.Count(problem => problem.Reason == WrapBatch.Malformed);
            Telemetry.MigrationFailed("key", WrapBatch.Malformed, malformed);
            Telemetry.Migrated("key", "unserved", batch.Problems.Count - malformed);
        }
    }
}
