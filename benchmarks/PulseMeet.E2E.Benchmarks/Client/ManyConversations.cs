using System.Diagnostics;
using System.Globalization;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Sqlite;

namespace PulseMeet.E2E.Benchmarks.Client;

/// <summary>A client that has written to 10,000 people: what opening it takes, and what it holds in memory.</summary>
internal static class ManyConversations
{
    private const int Openings = 15;

    public static async Task MeasureAsync(int count)
    {
        string folder = Directory.CreateTempSubdirectory("pulsemeet-client-").FullName;
        string database = Path.Combine(folder, "alice.db");
        using MasterKey key = MasterKey.Generate();
        var relay = new InMemoryRelay(TimeProvider.System);
        try
        {
            await PublishPeopleAsync(relay, count);
            await using (var store = new SqliteStore(database, new() { Durability = SqliteDurability.Relaxed }))
            {
                await using E2EClient alice = Open(store, relay, key);
                (await alice.SignUpAsync()).Dispose();
                for (int i = 0; i < count; i++)
                {
                    await alice.SendAsync(Name(i), MessageContent.Text("Hi"));
                    if (i % 100 == 99)
                    {
                        await alice.SynchronizeAsync();
                    }
                }
            }

            Say(count, $"the file, a conversation: {new FileInfo(database).Length / count:N0} bytes");
            var openings = new List<double>();
            for (int i = 0; i < Openings; i++)
            {
                long begin = Stopwatch.GetTimestamp();
                await using var store = new SqliteStore(database, new() { Durability = SqliteDurability.Relaxed });
                await using E2EClient alice = Open(store, relay, key);
                await alice.SendAsync(Name(i * 577 % count), MessageContent.Text("Again"));
                openings.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            }

            Say(count, string.Create(
                CultureInfo.InvariantCulture,
                $"opening the file and the client, and one message written: median {openings.Order().ElementAt(Openings / 2):F1} ms, slowest {openings.Max():F1} ms"));
            await MeasureSynchronizingAsync(database, relay, key, count);
            await MeasureMemoryAsync(database, relay, key, count);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The first round after an opening looks at everything that may be due; those behind it do not.</summary>
    private static async Task MeasureSynchronizingAsync(string database, InMemoryRelay relay, MasterKey key, int count)
    {
        var first = new List<double>();
        var second = new List<double>();
        for (int i = 0; i < Openings; i++)
        {
            await using var store = new SqliteStore(database, new() { Durability = SqliteDurability.Relaxed });
            await using E2EClient alice = Open(store, relay, key);
            long begin = Stopwatch.GetTimestamp();
            await alice.SynchronizeAsync();
            first.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            begin = Stopwatch.GetTimestamp();
            await alice.SynchronizeAsync();
            second.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        Say(count, string.Create(
            CultureInfo.InvariantCulture,
            $"the first round after an opening: median {first.Order().ElementAt(Openings / 2):F1} ms; the second: {second.Order().ElementAt(Openings / 2):F2} ms"));
    }

    /// <summary>Writes to some of them in a client that was opened anew, and sees what stays in memory.</summary>
    private static async Task MeasureMemoryAsync(string database, InMemoryRelay relay, MasterKey key, int count)
    {
        await using var store = new SqliteStore(database, new() { Durability = SqliteDurability.Relaxed });
        await using E2EClient alice = Open(store, relay, key);
        await alice.SendAsync(Name(0), MessageContent.Text("Again"));
        long before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (int written in (int[])[100, 1000])
        {
            for (int i = 1; i <= written; i++)
            {
                await alice.SendAsync(Name(i * 7 % count), MessageContent.Text("Again"));
            }

            Say(count, $"memory for {written:N0} that were written on since the client was opened, each: {(GC.GetTotalMemory(forceFullCollection: true) - before) / written:N0} bytes");
        }
    }

    /// <summary>Devices that have published keys, and nothing else: whoever writes to them begins a session.</summary>
    private static async Task PublishPeopleAsync(InMemoryRelay relay, int count)
    {
        var options = new PreKeyOptions { OneTimePairs = 1 };
        for (int i = 0; i < count; i++)
        {
            using var account = Ed25519KeyPair.Generate();
            using DeviceIdentity device = DeviceIdentity.Create(account, new DeviceAddress(Name(i), "phone"), TimeProvider.System);
            using DevicePreKeys preKeys = DevicePreKeys.Create(device, options, TimeProvider.System);
            IE2ERelay connected = relay.Connect(device.Address);
            await connected.PublishDeviceListAsync(DeviceList.Sign(account, [device.Certificate], null, TimeProvider.System).Encode());
            await connected.PublishPreKeysAsync(preKeys.PreparePublication(directory: default).Encode());
        }
    }

    private static E2EClient Open(SqliteStore store, InMemoryRelay relay, MasterKey key)
    {
        var options = new E2EClientOptions { Device = new("alice", "phone"), SendsByItself = false, DeviceListAge = TimeSpan.FromDays(1) };
        return new E2EClient(store, relay.Connect(options.Device), MasterKeys.Of(key), options, TimeProvider.System);
    }

    private static string Name(int i) => $"user-{i}";

    private static void Say(int count, string what) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count:N0} conversations: ") + what);
}
