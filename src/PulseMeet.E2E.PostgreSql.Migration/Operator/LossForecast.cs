using Npgsql;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>Finds whom wrapping would not serve without making anything: the same rules over the same rows, with the members as
/// expand's functions give them, written out here because before expand there are none.</summary>
internal static class LossForecast
{
    private const int MaxListed = 1000;
    private const int BatchSize = 500;

    public static async Task<MigrationForecast> ReadAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        return await WholeView.OfAsync(connection, () => FindAsync(connection, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
    }

    private static async Task<MigrationForecast> FindAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        long losses = 0;
        List<UnservedMember> unserved = [];
        bool hasList = await StatusReader.ExistsAsync(connection, "e2e_conversation_members", cancellationToken).ConfigureAwait(false);
        foreach (KeySource source in KeySource.All.Where(source => source.Conversation is not null))
        {
            if (!await KeyWrapper.IsPresentAsync(connection, source, cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            Guid last = Guid.Empty;
            while (true)
            {
                List<LegacyKeyRow> rows = [];
                await foreach (NpgsqlDataReader row in connection.QueryAsync(
                    $"""
                    select k.id, k.key_id, {source.Conversation}, coalesce(k.symmetric_key, '') from public.{source.Table} k
                    where k.id > $1 order by k.id limit {BatchSize}
                    """, cancellationToken, last).ConfigureAwait(false))
                {
                    rows.Add(new(row.GetGuid(0), row.GetString(1), row.GetString(2), 1, row.GetString(3), "", default, true));
                }

                if (rows.Count == 0)
                {
                    break;
                }

                last = rows[^1].Id;
                List<KeyMember> members = [];
                await foreach (NpgsqlDataReader row in connection.QueryAsync(
                    Members(source, hasList), cancellationToken, rows.Select(row => row.Id).ToArray()).ConfigureAwait(false))
                {
                    members.Add(new(row.GetGuid(0), row.GetGuid(1), row.IsDBNull(2) ? null : row.GetString(2),
                        row.IsDBNull(3) ? null : row.GetString(3), row.GetBoolean(4), false));
                }

                foreach (WrapProblem problem in WrapBatch.Plan(source.Table, rows, members).Problems)
                {
                    losses++;
                    if (unserved.Count < MaxListed)
                    {
                        unserved.Add(new(source.Table, problem.Row.Id, problem.Row.Conversation, problem.User, problem.Reason));
                    }
                }
            }
        }

        return new(losses, unserved);
    }

    private static string Members(KeySource source, bool hasList) => source.Table == "pulse_chat_keys"
        ? $"""
            select k.id, m.id, u.key_id, u.public_key, coalesce(u.expires_at <= now(), false)
            from public.pulse_chat_keys k cross join lateral (
              select p.creator_id as id from public.pulses p where p.id = k.pulse_id
              union select q.user_id from public.pulse_participants q
              where q.pulse_id = k.pulse_id and q.status in ('active', 'joined')) m
            {PublicKeys}
            """
        : $"""
            select k.id, m.id, u.key_id, u.public_key, coalesce(u.expires_at <= now(), false)
            from public.direct_message_keys k cross join lateral (
              select a.id from auth.users a where k.conversation_id ~* '{Direct}'
                and a.id in (substr(k.conversation_id, 4, 36)::uuid, substr(k.conversation_id, 41, 36)::uuid)
              {(hasList ? $"union select c.user_id from public.e2e_conversation_members c where k.conversation_id !~* '{Direct}' and c.conversation_id = k.conversation_id" : "")}
              union select k.created_by where k.conversation_id !~ '^dm_') m
            {PublicKeys}
            """;

    private const string Direct = "^dm_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";

    private const string PublicKeys = """
        left join public.user_public_keys u on u.user_id = m.id and u.is_active and u.algorithm = 'x25519'
        where k.id = any($1)
        """;
}
