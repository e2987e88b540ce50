using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Sqlite.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Tests.Relay;

namespace PulseMeet.E2E.Sqlite.Tests;

/// <summary>This assembly as a process: what <see cref="Processes"/> and <see cref="Relay.RelayProcesses"/> start, talk to and kill.</summary>
internal static class Program
{
    /// <summary>A master key for a store that holds nothing.</summary>
    public static MasterKey Key() => MasterKey.Import(new byte[MasterKey.KeySize]);

    /// <param name="arguments">What to do: <c>hold</c>, <c>write</c> or <c>deliver</c>; the database; and for the last one, a name.</param>
    private static async Task<int> Main(string[] arguments)
    {
        if (arguments[0] == "deliver")
        {
            return await DeliverAsync(arguments[1], arguments[2]);
        }

        using MasterKey key = Key();
        await using var file = new SqliteStore(arguments[1], new SqliteStoreOptions { MaxJournalSize = 200_000 });
        await using SealedStore store = await SealedStore.OpenAsync(file, key, "child", handover: false);
        int n = await Filled.CheckAsync(store);
        await Say($"open {n}");
        if (arguments[0] == "hold")
        {
            var lost = new TaskCompletionSource();
            await using CancellationTokenRegistration registration = store.Lost.Register(lost.SetResult);
            await lost.Task;
            await Say("lost");
            return 0;
        }

        while (true)
        {
            await Filled.CommitAsync(store, ++n);
            await Say($"{n}");
        }
    }

    /// <summary>Delivers from alice's phone to bob's, and says what was accepted; without end.</summary>
    private static async Task<int> DeliverAsync(string database, string name)
    {
        await using var relay = new SqliteRelay(database, TimeProvider.System);
        IE2ERelay alice = relay.Connect(new("alice", "phone"));
        for (int i = 0; ;)
        {
            // Where nobody drains it in time, the mailbox is full for a while.
            if (await alice.DeliverAsync([Users.Envelope("bob", "phone", $"{name}.{i}")]) is [DeliveryOutcome.Accepted])
            {
                await Say($"{name}.{i++}");
            }
        }
    }

    private static async Task Say(string line)
    {
        await Console.Out.WriteLineAsync(line);
        await Console.Out.FlushAsync();
    }
}
