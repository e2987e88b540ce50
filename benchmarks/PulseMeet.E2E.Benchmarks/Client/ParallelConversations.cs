using System.Globalization;
using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Sqlite;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Benchmarks.Client;

/// <summary>One client that writes to many people: to one after another, and to all at the same time. <c>--parallel [rounds]</c>; with
/// <c>--enforce</c> it fails where that does not pay.</summary>
internal static class ParallelConversations
{
    private const int People = 32;
    private const int PerPerson = 20;
    private const int Messages = People * PerPerson;
    private const int MessageSize = 256;

    /// <summary>Rounds that are not counted.</summary>
    private const int WarmUp = 20;

    /// <summary>How many times as many messages there are to be, at least, on two cores: over a store in memory, where nothing is waited for, and over files that
    /// are synced.</summary>
    private const double LeastInMemory = 1.3;
    private const double LeastSynced = 3;

    public static async Task<int> MeasureAsync(int rounds, bool enforce)
    {
        double inMemory = await MeasureAsync(rounds, "in memory", () => new InMemoryStore());
        _ = await InFileAsync(rounds, SqliteDurability.Relaxed);
        double synced = await InFileAsync(rounds, SqliteDurability.Full);
        if (!enforce || Environment.ProcessorCount < 2 || (inMemory >= LeastInMemory && synced >= LeastSynced))
        {
            return 0;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"Expected at least {LeastInMemory:F1} times as many in memory, and {LeastSynced:F1} in synced files."));
        return 1;
    }

    private static async Task<double> InFileAsync(int rounds, SqliteDurability durability)
    {
        string folder = Directory.CreateTempSubdirectory("pulsemeet-client-").FullName;
        try
        {
            return await MeasureAsync(
                rounds, $"SQLite, {durability}", () => new SqliteStore(Path.Combine(folder, "alice.db"), new() { Durability = durability }));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> MeasureAsync(int rounds, string name, Func<IE2EStore> open)
    {
        await using IE2EStore store = open();
        await using ClientCrowd crowd = await ClientCrowd.BeginAsync(store, People, MessageSize);
        var inTurn = new List<(double Wall, double Processor)>();
        var atOnce = new List<(double Wall, double Processor)>();
        for (int round = -WarmUp; round < rounds; round++)
        {
            await MeasureRoundAsync(inTurn, round, () => InTurnAsync(crowd));
            await crowd.PassAsync();
            await MeasureRoundAsync(atOnce, round, () => AtOnceAsync(crowd));
            await crowd.PassAsync();
        }

        (double one, double oneBusy) = Median(inTurn);
        (double all, double allBusy) = Median(atOnce);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: a message to one of {People} after another {Table.Duration(one)} ({Table.Duration(oneBusy)} of processor time), to all at once {Table.Duration(all)} ({Table.Duration(allBusy)}): {one / all:F2} times as many on {Environment.ProcessorCount} cores"));
        return one / all;
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

    private static async Task MeasureRoundAsync(List<(double Wall, double Processor)> into, int round, Func<Task> step)
    {
        var clock = BatchClock.Start();
        await step();
        (double wall, double processor) = clock.Elapsed();
        if (round >= 0)
        {
            into.Add((wall / Messages, processor / Messages));
        }
    }

    private static (double Wall, double Processor) Median(List<(double Wall, double Processor)> values) => (
        values.Select(value => value.Wall).Order().ElementAt(values.Count / 2),
        values.Select(value => value.Processor).Order().ElementAt(values.Count / 2));
}
