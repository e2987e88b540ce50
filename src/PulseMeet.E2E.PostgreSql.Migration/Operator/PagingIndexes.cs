using Npgsql;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The indexes that paging needs, built beside the running app. One operator builds them at a time.</summary>
internal static class PagingIndexes
{
    private static readonly string[] s_names =
        ["e2e_direct_messages_sender", "e2e_direct_messages_receiver", "e2e_chat_messages_pulse"];

    public static async Task EnsureAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);

        // Tried, not waited for: a statement that waits holds a snapshot, which a concurrent build would in turn wait for.
        while (await connection.ScalarAsync("select pg_try_advisory_lock($1)", cancellationToken, MigrationScripts.AdvisoryLock + 1)
            .ConfigureAwait(false) is not true)
        {
            await Task.Delay(100, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            foreach (string name in s_names)
            {
                // What a build that failed has left is no index.
                if (await connection.ScalarAsync(
                    "select indisvalid from pg_index where indexrelid = to_regclass('public.' || $1)", cancellationToken, name)
                    .ConfigureAwait(false) is false)
                {
                    await connection.RunAsync($"drop index concurrently public.{name}", cancellationToken).ConfigureAwait(false);
                }
            }

            foreach (string statement in MigrationScripts.Indexes.Split('\n').Where(line => line.StartsWith("create", StringComparison.Ordinal)))
            {
                await connection.RunAsync(statement, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await connection.RunAsync("select pg_advisory_unlock($1)", CancellationToken.None, MigrationScripts.AdvisoryLock + 1)
                .ConfigureAwait(false);
        }
    }
}
