using Npgsql;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The statements of the message migration, as the user whose messages they are.</summary>
internal static class MessageStore
{
    public const string DirectScope = "direct";

    /// <summary>A row with more than this is not read at all, in bytes: no message can be as long.</summary>
    private const int MaxContent = 24 * 1024 * 1024;

    /// <summary>A page ends where its rows come to more than this, in bytes, so that long messages fill no memory.</summary>
    private const int MaxPage = 32 * 1024 * 1024;

    private const string NotArchived = "not public.e2e_is_archived(key_version, encryption_metadata)";

    /// <summary>The next messages of the user's direct conversations: what they sent and what they received, each by its own
    /// index, so that a page costs the same wherever it stands.</summary>
    public static Task<MessagePage> DirectPageAsync(
        NpgsqlConnection connection, Guid user, Guid after, int limit, CancellationToken cancellationToken) =>
        PageAsync(connection, MessageRow.Direct, "receiver_id",
            $"""
            (select id from public.direct_messages where sender_id = $1 and id > $2 and {NotArchived} order by id limit $3)
            union
            (select id from public.direct_messages where receiver_id = $1 and id > $2 and {NotArchived} order by id limit $3)
            order by id limit $3
            """,
            user, after, limit, cancellationToken);

    public static Task<MessagePage> ChatPageAsync(
        NpgsqlConnection connection, Guid pulse, Guid after, int limit, CancellationToken cancellationToken) =>
        PageAsync(connection, MessageRow.Chat, "pulse_id",
            $"select id from public.chat_messages where pulse_id = $1 and id > $2 and {NotArchived} order by id limit $3",
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

    /// <summary>Where this user's runs stand, by scope.</summary>
    public static async Task<Dictionary<string, Guid>> CursorsAsync(
        NpgsqlConnection connection, Guid user, CancellationToken cancellationToken)
    {
        Dictionary<string, Guid> cursors = [];
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            "select scope, last_id from public.e2e_message_progress where user_id = $1", cancellationToken, user).ConfigureAwait(false))
        {
            cursors.Add(row.GetString(0), row.GetGuid(1));
        }

        return cursors;
    }

    public static Task ForgetCursorAsync(
        NpgsqlConnection connection, Guid user, string scope, CancellationToken cancellationToken) =>
        connection.RunAsync(Forget, cancellationToken, user, scope);

    /// <summary>Writes a page and the place that it got to: one transaction, in one round trip.</summary>
    /// <param name="connection">No transaction is open on it.</param>
    /// <param name="user">Whose messages these are.</param>
    /// <param name="scope">The conversations that are gone through.</param>
    /// <param name="page">The page; of the last one no place is kept.</param>
    /// <param name="backupKey">Under which the originals are backed up.</param>
    /// <param name="cancellationToken">Ends it, with nothing written.</param>
    /// <returns>The ids of the rows that were written: those that nobody had changed.</returns>
    public static async Task<HashSet<Guid>> WriteAsync(
        NpgsqlConnection connection, Guid user, string scope, SealedPage page, Guid backupKey, CancellationToken cancellationToken)
    {
        Resealed[] messages = [.. page.Outcomes.OfType<Resealed>()];
        await using NpgsqlBatch batch = connection.CreateBatch();
        batch.Timeout = 0;
        if (messages.Length > 0)
        {
            bool isChat = messages[0].Row.Table == MessageRow.Chat;
            object[] parameters =
            [
                backupKey,
                messages.Select(message => message.Row.Id).ToArray(),
                messages.Select(message => message.Row.RowVersion!).ToArray(),
                messages.Select(message => message.Content).ToArray(),
                messages.Select(message => message.Backup).ToArray(),
            ];
            batch.BatchCommands.Add(isChat
                ? Command("select public.e2e_reseal_chat($1, $2, $3, $4, $5, $6)", [.. parameters, page.ArchiveSource!.Value])
                : Command("select public.e2e_reseal_direct($1, $2, $3, $4, $5)", parameters));
        }

        batch.BatchCommands.Add(page.IsLast ? Command(Forget, user, scope) : Command(Save, user, scope, page.Last));
        HashSet<Guid> written = [];
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (messages.Length > 0 && await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            written.Add(reader.GetGuid(0));
        }

        // To the end of the batch: an error of a later statement undoes all of it, and has to be seen.
        while (await reader.NextResultAsync(cancellationToken).ConfigureAwait(false))
        {
        }

        return written;
    }

    private const string Save =
        """
        insert into public.e2e_message_progress (user_id, scope, last_id) values ($1, $2, $3)
        on conflict (user_id, scope) do update set last_id = excluded.last_id, updated_at = now()
        """;

    private const string Forget = "delete from public.e2e_message_progress where user_id = $1 and scope = $2";

    private static NpgsqlBatchCommand Command(string sql, params object[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddValues(parameters);
        return command;
    }

    /// <summary>The ids of the page first: the rows, which are long, are read for those alone.</summary>
    private static async Task<MessagePage> PageAsync(
        NpgsqlConnection connection, string table, string place, string ids, Guid scope, Guid after, int limit,
        CancellationToken cancellationToken)
    {
        string sql = $"""
            with page as materialized ({ids}),
            sized as (
              select m.id, octet_length(m.content)::bigint + coalesce(pg_column_size(m.encryption_metadata), 0) as size
              from page p join public.{table} m on m.id = p.id),
            bounded as materialized (
              select s.id, s.size <= {MaxContent} as fits, sum(least(s.size, {MaxContent})) over (order by s.id) - least(s.size, {MaxContent}) as before
              from sized s)
            select m.id, m.sender_id, m.{place}, case when b.fits then m.content end,
              case when b.fits then m.encryption_metadata::text end, m.is_encrypted, m.key_version,
              case when b.fits then public.e2e_row_version(m.content, m.encryption_metadata, m.is_encrypted) end,
              (select count(*) from page)
            from bounded b join public.{table} m on m.id = b.id where b.before <= {MaxPage} order by m.id
            """;
        List<MessageRow> rows = new(limit);
        long found = 0;
        await foreach (NpgsqlDataReader row in connection.QueryAsync(sql, cancellationToken, scope, after, limit)
            .ConfigureAwait(false))
        {
            rows.Add(new(table, row.GetGuid(0), row.GetGuid(1), row.GetGuid(2), row.IsDBNull(3) ? null : row.GetString(3),
                row.IsDBNull(4) ? null : row.GetString(4), row.GetBoolean(5), row.IsDBNull(6) ? null : row.GetInt32(6),
                row.IsDBNull(7) ? null : (byte[])row[7]));
            found = row.GetInt64(8);
        }

        return new(rows, found < limit && rows.Count == found);
    }
}

/// <summary>The next messages of a scope.</summary>
/// <param name="Rows">In the order of their ids.</param>
/// <param name="IsLast">Whether no more come after them.</param>
internal sealed record MessagePage(List<MessageRow> Rows, bool IsLast);
