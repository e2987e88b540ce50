using System.Globalization;
using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Sqlite;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Benchmarks.Client;

/// <summary>One client that writes to many people: to one after another, and to all at once.</summary>
internal static class ParallelConversations
{
    private const int People = 32;
    private const int PerPerson = 20;
    private const int Messages = People * PerPerson;
    private const int WarmUp = 15;

    public static async Task<int> MeasureAsync(int rounds, bool enforce)
    {
        await MeasureAsync(rounds, "in memory", () => new InMemoryStore());
        foreach (SqliteDurability durability in (SqliteDurability[])[SqliteDurability.Relaxed, SqliteDurability.Full])
        {
            string folder = Directory.CreateTempSubdirectory("pulsemeet-client-").FullName;
            try
            {
                await MeasureAsync(
                    rounds, $"SQLite, {durability}", () => new SqliteStore(Path.Combine(folder, "alice.db"), new() { Durability = durability }));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return enforce ? 1 : 0;
    }

    private static async Task MeasureAsync(int rounds, string name, Func<IE2EStore> open)
    {
        await using IE2EStore store = open();
        await using ClientCrowd crowd = await ClientCrowd.BeginAsync(store, People, size: 256);
        var inTurn = new List<double>();
        var atOnce = new List<double>();
        for (int round = -WarmUp; round < rounds; round++)
        {
            await MeasureRoundAsync(inTurn, round, () => InTurnAsync(crowd));
            await crowd.PassAsync();
            await MeasureRoundAsync(atOnce, round, () => AtOnceAsync(crowd));
            await crowd.PassAsync();
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{People} conversations, {name}, wall: one after another {Table.Duration(Median(inTurn))}; all at once {Table.Duration(Median(atOnce))}: {Median(inTurn) / Median(atOnce):F2} times as many"));
    }

    private static async Task InTurnAsync(ClientCrowd crowd)
    {
        for (int i = 0; i < Messages; i++)
        {
            await crowd.SendAsync(i % People);
        }
    }

    private static Task AtOnceAsync(ClientCrowd crowd) => Task.WhenAll(Enumerable.Range(0, People).Select(person => Task.Run(async () =>
    {
        for (int i = 0; i < PerPerson; i++)
        {
            await crowd.SendAsync(person);
        }
    })));

    private static async Task MeasureRoundAsync(List<double> into, int round, Func<Task> step)
    {
        var st = typeof(SealedStore); st.GetField("InTake")!.SetValue(null, 0); Array.Clear((long[])st.GetField("Hist")!.GetValue(null)!); Array.Clear((long[])st.GetField("TakeHist")!.GetValue(null)!);st.GetField("T1")!.SetValue(null, 0L);
        var clock = BatchClock.Start();
        await step();
        (double wall, double proc) = clock.Elapsed();
        if (round == 0) { Console.WriteLine($"wall {wall / 640 / 1000:F1}us proc {proc / 640 / 1000:F1} us per msg; write {(long)st.GetField("T1")!.GetValue(null)! / 640.0 / 1000:F1}"); Console.WriteLine(string.Join(" ", ((long[])st.GetField("Hist")!.GetValue(null)!).Select((v, i) => v == 0 ? null : $"{i}:{v}").Where(x => x is not null)) + " / " + string.Join(" ", ((long[])st.GetField("TakeHist")!.GetValue(null)!).Take(34))); }

        if (round >= 0)
        {
            into.Add(wall / Messages);
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
