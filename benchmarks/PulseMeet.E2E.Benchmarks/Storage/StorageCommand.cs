using System.Diagnostics;
using System.Globalization;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Sqlite;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Benchmarks.Storage;

/// <summary>What a message's batch costs in a store with 10,000 conversations, next to a bare SQLite transaction of the same bytes
/// by turns, and what opening that store costs.</summary>
internal static class StorageCommand
{
    private const int Conversations = 10_000;
    private const int Batches = 301;
    private const int Openings = 21;

    public static async Task<int> RunAsync()
    {
        foreach (SqliteDurability durability in new[] { SqliteDurability.Relaxed, SqliteDurability.Full })
        {
            string folder = Directory.CreateTempSubdirectory("pulsemeet-storage-").FullName;
            try
            {
                await MeasureAsync(folder, durability);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return 0;
    }

    private static async Task MeasureAsync(string folder, SqliteDurability durability)
    {
        using MasterKey key = MasterKey.Generate();
        string database = Path.Combine(folder, "sealed.db");
        var options = new SqliteStoreOptions { Durability = durability, MaxJournalAge = TimeSpan.FromHours(1), MaxJournalSize = long.MaxValue };
        using var bare = new BareStore(Path.Combine(folder, "bare.db"), durability);
        using var bareRecords = new BareStore(Path.Combine(folder, "records.db"), durability);
        await using (var store = new RecordingStore(new SqliteStore(database, options)))
        {
            await using SealedStore opened = await SealedStore.OpenAsync(store, key, "benchmark", handover: false);
            bare.Write(store.Last);
            foreach (int[] some in Enumerable.Range(0, Conversations).Chunk(250))
            {
                var batch = new StoreBatch();
                foreach (int i in some)
                {
                    batch.Put(1, Key(i), new byte[1000]);
                }

                await opened.CommitAsync(batch);
                bare.Write(store.Last);
                bareRecords.Write([.. store.Last.Where(change => change.Table == StoreTables.Records)]);
            }

            List<double> sealedTimes = [];
            List<double> bareTimes = [];
            List<double> recordTimes = [];
            List<double> bytes = [];
            for (int i = 0; i < Batches; i++)
            {
                StoreBatch message = new StoreBatch().Put(1, Key(i * 7919 % Conversations), new byte[1000]).Put(2, Key(i), new byte[400]);
                message.Delete(2, Key(i - 20));
                sealedTimes.Add(await TimeAsync(() => opened.CommitAsync(message)));
                bytes.Add(store.Last.Sum(change => change.Value?.Length ?? 0));
                bareTimes.Add(Time(() => bare.Write(store.Last)));
                recordTimes.Add(Time(() => bareRecords.Write([.. store.Last.Where(change => change.Table == StoreTables.Records)])));
            }

            Print(durability, "a message's batch: session, message, one deletion", sealedTimes);
            Print(durability, $"bare transaction of the same rows ({Median(bytes):N0} bytes)", bareTimes);
            Print(durability, "bare transaction of the three records alone", recordTimes);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{durability}: ratio to the same bytes {Median(sealedTimes) / Median(bareTimes):F2}, to the records alone {Median(sealedTimes) / Median(recordTimes):F2}"));
        }

        List<double> openings = [];
        for (int i = 0; i < Openings; i++)
        {
            openings.Add(await TimeAsync(async () =>
            {
                await using var store = new SqliteStore(database, options);
                await using SealedStore opened = await SealedStore.OpenAsync(store, key, "benchmark", handover: false);
                await opened.ReadAsync(1, Key(i * 31));
            }));
        }

        Print(durability, $"opening with {Conversations:N0} conversations, reading one, closing", openings);
    }

    private static byte[] Key(int i) => BitConverter.GetBytes(i);

    private static double Time(Action action)
    {
        long begin = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(begin).TotalMicroseconds;
    }

    private static async Task<double> TimeAsync(Func<Task> action)
    {
        long begin = Stopwatch.GetTimestamp();
        await action();
        return Stopwatch.GetElapsedTime(begin).TotalMicroseconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static void Print(SqliteDurability durability, string what, List<double> times) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{durability}: {what}: median {Median(times):F0} µs, fastest {times.Min():F0} µs"));
}
