using Npgsql;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The statements of the message migration, as the user whose messages they are.</summary>
internal static class MessageStore
{
    public const string DirectScope = "direct";

    private static string Columns(string place) =>
        $"id, sender_id, {place}, content, encryption_metadata::text, is_encrypted, key_version, "
        + "public.e2e_row_version(content, encryption_metadata, is_encrypted)";

    /// <summary>The next messages of the user's direct conversations: what they sent and what they received, each by its own
    /// index, so that a page costs the same wherever it stands.</summary>
    public static Task<List<MessageRow>> DirectPageAsync(
        NpgsqlConnection connection, Guid user, Guid after, int limit, CancellationToken cancellationToken)
    {
        string columns = Columns("receiver_id");
        return PageAsync(connection, MessageRow.Direct,
            $"""
            (select {columns} from public.direct_messages
              where sender_id = $1 and id > $2 and key_version is distinct from 2 order by id limit $3)
            union
            (select {columns} from public.direct_messages
              where receiver_id = $1 and id > $2 and key_version is distinct from 2 order by id limit $3)
            order by id limit $3
            """,
            user, after, limit, cancellationToken);
    }

    public static Task<List<MessageRow>> ChatPageAsync(
        NpgsqlConnection connection, Guid pulse, Guid after, int limit, CancellationToken cancellationToken) =>
        PageAsync(connection, MessageRow.Chat,
            $"""
            select {Columns("pulse_id")} from public.chat_messages
            where pulse_id = $1 and id > $2 and key_version is distinct from 2 order by id limit $3
            """,
            pulse, after, limit, cancellationToken);

    public static async Task<List<Guid>> PulsesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        List<Guid> pulses = [];
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            "select p from public.e2e_my_pulses() as p order by p", cancellationToken).ConfigureAwait(false))
        {
            pulses.Add(row.GetGuid(0));
        }

        return pulses;
    }

    public static async Task<Guid> CursorAsync(
        NpgsqlConnection connection, Guid user, string scope, CancellationToken cancellationToken) =>
        await connection.ScalarAsync(
            "select last_id from public.e2e_message_progress where user_id = $1 and scope = $2", cancellationToken, user, scope)
            .ConfigureAwait(false) is Guid last ? last : Guid.Empty;

    public static Task SaveCursorAsync(
        NpgsqlConnection connection, Guid user, string scope, Guid last, CancellationToken cancellationToken) =>
        connection.RunAsync(
            """
            insert into public.e2e_message_progress (user_id, scope, last_id) values ($1, $2, $3)
            on conflict (user_id, scope) do update set last_id = excluded.last_id, updated_at = now()
            """,
            cancellationToken, user, scope, last);

    public static Task ForgetCursorAsync(
        NpgsqlConnection connection, Guid user, string scope, CancellationToken cancellationToken) =>
        connection.RunAsync(
            "delete from public.e2e_message_progress where user_id = $1 and scope = $2", cancellationToken, user, scope);

    /// <returns>The ids of the rows that were written: those that nobody had changed.</returns>
    public static async Task<HashSet<Guid>> ResealAsync(
        NpgsqlConnection connection, Guid backupKey, List<ResealedMessage> messages, Guid? archiveSource,
        CancellationToken cancellationToken)
    {
        HashSet<Guid> written = [];
        if (messages.Count == 0)
        {
            return written;
        }

        List<object> parameters =
        [
            backupKey,
            messages.Select(message => message.Row.Id).ToArray(),
            messages.Select(message => message.Row.RowVersion).ToArray(),
            messages.Select(message => message.Content).ToArray(),
            messages.Select(message => message.Backup).ToArray(),
        ];
        string sql = "select public.e2e_reseal_direct($1, $2, $3, $4, $5)";
        if (messages[0].Row.Table == MessageRow.Chat)
        {
            sql = "select public.e2e_reseal_chat($1, $2, $3, $4, $5, $6)";
            parameters.Add(archiveSource!.Value);
        }

        await foreach (NpgsqlDataReader row in connection.QueryAsync(sql, cancellationToken, [.. parameters])
            .ConfigureAwait(false))
        {
            written.Add(row.GetGuid(0));
        }

        return written;
    }

    private static async Task<List<MessageRow>> PageAsync(
        NpgsqlConnection connection, string table, string sql, Guid scope, Guid after, int limit,
        CancellationToken cancellationToken)
    {
        List<MessageRow> rows = new(limit);
        await foreach (NpgsqlDataReader row in connection.QueryAsync(sql, cancellationToken, scope, after, limit)
            .ConfigureAwait(false))
        {
            rows.Add(new(table, row.GetGuid(0), row.GetGuid(1), row.GetGuid(2), row.GetString(3),
                row.IsDBNull(4) ? null : row.GetString(4), row.GetBoolean(5), row.IsDBNull(6) ? null : row.GetInt32(6),
                (byte[])row[7]));
        }

        return rows;
    }
}
