using System.Diagnostics;
using Npgsql;

namespace PulseMeet.E2E.PostgreSqlBenchmarks;

/// <summary>What the database costs without any cryptography: pages of the same rows read, and their content
/// written back, a transaction for each batch.</summary>
internal static class BareUpdate
{
    public static async Task<double> RunAsync(NpgsqlDataSource source, int batch, string table = "direct_messages", string column = "content")
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync();
        long started = Stopwatch.GetTimestamp();
        Guid last = Guid.Empty;
        long count = 0;
        while (true)
        {
            List<Guid> ids = [];
            List<string> contents = [];
            await using (NpgsqlCommand page = new($"select id, {column} from {table} where id > $1 order by id limit $2", connection))
            {
                page.Parameters.Add(new() { Value = last });
                page.Parameters.Add(new() { Value = batch });
                await using NpgsqlDataReader reader = await page.ExecuteReaderAsync();
                while (await reader.ReadAsync())
                {
                    ids.Add(reader.GetGuid(0));
                    contents.Add(reader.GetString(1));
                }
            }

            if (ids.Count == 0)
            {
                return count / Stopwatch.GetElapsedTime(started).TotalSeconds;
            }

            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync();
            await using NpgsqlCommand update = new(
                $"update {table} m set {column} = n.content from unnest($1, $2) as n(id, content) where m.id = n.id", connection);
            update.Parameters.Add(new() { Value = ids.ToArray() });
            update.Parameters.Add(new() { Value = contents.ToArray() });
            count += await update.ExecuteNonQueryAsync();
            await transaction.CommitAsync();
            last = ids[^1];
        }
    }
}
