using System.Globalization;
using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Benchmarks.Ratchet;
using PulseMeet.E2E.Benchmarks.Storage;
using PulseMeet.E2E.Sqlite;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Benchmarks.Client;

/// <summary>What the client costs over the session: <c>--client [rounds]</c>. Messages of 256 bytes: in memory beside the session's own
/// work, and in SQLite beside bare transactions of the same bytes, by turns in one run.</summary>
internal static class ClientCommand
{
    private const int MessageSize = 256;
    private const int PerRound = 100;

    /// <summary>Rounds that are not counted: a client that runs for a while, compiled as well as it gets.</summary>
    private const int WarmUp = 150;

    public static async Task<int> RunAsync(int rounds, int conversations = 10_000)
    {
        await MeasureInMemoryAsync(rounds);
        foreach (SqliteDurability durability in (SqliteDurability[])[SqliteDurability.Relaxed, SqliteDurability.Full])
        {
            string folder = Directory.CreateTempSubdirectory("pulsemeet-client-").FullName;
            try
            {
                await MeasureInSqliteAsync(rounds, folder, durability);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        await ManyConversations.MeasureAsync(conversations);
        return 0;
    }

    private static async Task MeasureInMemoryAsync(int rounds)
    {
        await using ClientPair pair = await ClientPair.BeginAsync(_ => new InMemoryStore(), MessageSize);
        var session = new Pair();
        byte[] plaintext = new byte[MessageSize];
        var sealing = new Series("session: seal");
        var opening = new Series("session: open");
        var stored = new Series("session: seal and open, both states read and written");
        var sending = new Series("client: SendAsync, durable in the store");
        var delivering = new Series("client: to the relay, a hundred in a sync");
        var receiving = new Series("client: received, a hundred in a sync");
        var reading = new Series("client: read and acknowledged one by one");
        for (int round = -WarmUp; round < rounds; round++)
        {
            bool counts = round >= 0;
            var messages = new Queue<byte[]>(PerRound);
            await sealing.AddAsync(counts, PerRound, () => Repeat(() => messages.Enqueue(session.Alice.Seal(plaintext))));
            await opening.AddAsync(counts, PerRound, () => Repeat(() => session.Bob.Open(messages.Dequeue())));
            await sending.AddAsync(counts, PerRound, () => RepeatAsync(pair.SendAsync));
            await delivering.AddAsync(counts, PerRound, () => pair.Alice.SynchronizeAsync());
            await receiving.AddAsync(counts, PerRound, () => pair.Bob.SynchronizeAsync());
            await reading.AddAsync(counts, PerRound, () => ClientPair.TakeEventsAsync(pair.Bob));
            await pair.Alice.SynchronizeAsync();
            await stored.AddAsync(counts, PerRound, () => Repeat(() => session.OneWayStored(plaintext)));
        }

        Console.WriteLine($"In memory, {MessageSize} bytes, {rounds} rounds of {PerRound}, processor time, medians:");
        foreach (Series series in (Series[])[sealing, opening, stored, sending, delivering, receiving, reading])
        {
            Console.WriteLine($"  {series.Name}: {Table.Duration(series.Median)}");
        }

        double own = sealing.Median + opening.Median;
        double client = sending.Median + delivering.Median + receiving.Median + reading.Median;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  SendAsync to sealing {sending.Median / sealing.Median:F1}; all of it to sealing and opening {client / own:F1}, to the stored session {client / stored.Median:F1}"));
    }

    private static async Task MeasureInSqliteAsync(int rounds, string folder, SqliteDurability durability)
    {
        var options = new SqliteStoreOptions { Durability = durability, MaxJournalAge = TimeSpan.FromHours(1), MaxJournalSize = long.MaxValue };
        var stores = new Dictionary<string, RecordingStore>();
        IE2EStore Open(string user) => stores[user] = new RecordingStore(new SqliteStore(Path.Combine(folder, user + ".db"), options));
        await using (ClientPair pair = await ClientPair.BeginAsync(Open, MessageSize))
        {
            using var bare = new BareStore(Path.Combine(folder, "bare.db"), durability);
            var sending = new Series("SendAsync");
            var sendingBare = new Series("bare transaction of the same rows");
            var receiving = new Series("a hundred received in a sync");
            var sizes = new List<double>();
            var rows = new List<int>();
            int reads = 0;
            for (int round = -WarmUp / 5; round < rounds; round++)
            {
                bool counts = round >= 0;
                for (int i = 0; i < PerRound; i++)
                {
                    int before = stores["alice"].Reads;
                    await sending.AddAsync(counts, 1, pair.SendAsync);
                    reads += stores["alice"].Reads - before;
                    IReadOnlyList<StoreChange> written = stores["alice"].Last;
                    rows.Add(written.Count);
                    sizes.Add(written.Sum(change => change.Value?.Length ?? 0));
                    await sendingBare.AddAsync(counts, 1, () => Run(() => bare.Write(written)));
                }

                await pair.Alice.SynchronizeAsync();
                await receiving.AddAsync(counts, PerRound, () => pair.Bob.SynchronizeAsync());
                await ClientPair.TakeEventsAsync(pair.Bob);
                await pair.Alice.SynchronizeAsync();
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"A message sent writes {rows.Average():F1} rows and reads {reads / (double)rows.Count:F1}."));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"SQLite, {durability}, by the clock on the wall, medians: SendAsync {Table.Duration(sending.MedianWall)}, a bare transaction of its {sizes.Order().ElementAt(sizes.Count / 2):N0} bytes {Table.Duration(sendingBare.MedianWall)}, ratio {sending.MedianWall / sendingBare.MedianWall:F2}; processor time {Table.Duration(sending.Median)} and {Table.Duration(sendingBare.Median)}, ratio {sending.Median / sendingBare.Median:F2}; a message received {Table.Duration(receiving.MedianWall)}"));
        }
    }

    private static Task Repeat(Action step) => Run(() =>
    {
        for (int i = 0; i < PerRound; i++)
        {
            step();
        }
    });

    private static async Task RepeatAsync(Func<Task> step)
    {
        for (int i = 0; i < PerRound; i++)
        {
            await step();
        }
    }

    private static Task Run(Action step)
    {
        step();
        return Task.CompletedTask;
    }

    /// <summary>What one kind of step took, per message.</summary>
    private sealed class Series(string name)
    {
        private readonly List<double> _processor = [];
        private readonly List<double> _wall = [];

        public string Name { get; } = name;

        public double Median => _processor.Order().ElementAt(_processor.Count / 2);

        public double MedianWall => _wall.Order().ElementAt(_wall.Count / 2);

        public async Task AddAsync(bool counts, int messages, Func<Task> step)
        {
            var clock = BatchClock.Start();
            await step();
            (double wall, double processor) = clock.Elapsed();
            if (counts)
            {
                _wall.Add(wall / messages);
                _processor.Add(processor / messages);
            }
        }
    }
}
