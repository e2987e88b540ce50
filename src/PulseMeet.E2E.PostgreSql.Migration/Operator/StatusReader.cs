using Npgsql;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>Reads the migration's state, in whichever phase the schema is.</summary>
internal static class StatusReader
{
    /// <summary>As the function <c>e2e_is_archived</c>, which is not there before the first phase.</summary>
    private const string Archived = "coalesce(key_version = 2 and encryption_metadata ->> 'format' = 'pulsemeet-e2e-archive', false)";

    public static async Task<MigrationStatus> ReadAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return await WholeView.OfAsync(connection, () => ReadAsync(connection, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<MigrationStatus> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        string? status = null;
        string? phase = null;
        string? error = null;
        long affected = 0;
        if (await ExistsAsync(connection, "e2e_migration_status", cancellationToken).ConfigureAwait(false))
        {
            await foreach (NpgsqlDataReader row in connection.QueryAsync(
                """
                select status, phase, affected_records, error_message from public.e2e_migration_status
                where migration_name = 'secure_key_exchange_v1'
                """,
                cancellationToken).ConfigureAwait(false))
            {
                status = row.GetString(0);
                phase = row.GetString(1);
                affected = row.GetInt64(2);
                error = row.IsDBNull(3) ? null : row.GetString(3);
            }
        }

        long plaintext = 0;
        foreach (KeySource source in KeySource.All)
        {
            plaintext += await CountAsync(connection, source.Table, "symmetric_key", "true", cancellationToken).ConfigureAwait(false);
        }

        long legacy = 0;
        long archived = 0;
        foreach (string table in (string[])["direct_messages", "chat_messages"])
        {
            legacy += await CountAsync(connection, table, "content", $"not {Archived}", cancellationToken).ConfigureAwait(false);
            archived += await CountAsync(connection, table, "content", Archived, cancellationToken).ConfigureAwait(false);
        }

        return new(status, phase, affected, error, plaintext,
            await CountAsync(connection, "conversation_keys", "sealed_key", "true", cancellationToken).ConfigureAwait(false),
            await CountAsync(connection, "e2e_wrap_problems", "user_id", "true", cancellationToken).ConfigureAwait(false),
            legacy, archived,
            await CountAsync(connection, "e2e_message_backup", "message_id", "true", cancellationToken).ConfigureAwait(false));
    }

    public static async Task<IReadOnlyList<UnservedMember>> ReadUnservedAsync(
        NpgsqlDataSource dataSource, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        List<UnservedMember> unserved = [];
        if (!await ExistsAsync(connection, "e2e_wrap_problems", cancellationToken).ConfigureAwait(false))
        {
            return unserved;
        }

        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            """
            select source_table, source_id, conversation_id, user_id, reason from public.e2e_wrap_problems
            order by conversation_id, source_id, user_id limit $1
            """,
            cancellationToken, limit).ConfigureAwait(false))
        {
            unserved.Add(new(row.GetString(0), row.GetGuid(1), row.GetString(2),
                row.IsDBNull(3) ? null : row.GetGuid(3), row.GetString(4)));
        }

        return unserved;
    }

    public static async Task<bool> ExistsAsync(
        NpgsqlConnection connection, string table, CancellationToken cancellationToken) =>
        (bool)(await connection.ScalarAsync(
            "select to_regclass('public.' || $1) is not null", cancellationToken, table).ConfigureAwait(false))!;

    /// <summary>The rows of a table where it has such a column, 0 where it has not.</summary>
    private static async Task<long> CountAsync(
        NpgsqlConnection connection, string table, string column, string condition, CancellationToken cancellationToken)
    {
        bool present = (bool)(await connection.ScalarAsync(
            """
            select exists (select from pg_attribute
              where attrelid = to_regclass('public.' || $1) and attname = $2 and not attisdropped)
            """,
            cancellationToken, table, column).ConfigureAwait(false))!;
        return present
            ? (long)(await connection.ScalarAsync(
                $"select count(*) from public.{table} where {condition}", cancellationToken).ConfigureAwait(false))!
            : 0;
    }
}
