using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What a client asks of the disk, counted: every batch of the store may be one sync.</summary>
public sealed class ClientWritesLittle
{
    [Fact]
    public async Task A_message_sent_is_one_batch_and_a_hundred_received_in_a_sync_are_one()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "hello");
        await world.SettleAsync();
        Counter hers = await CountAsync(alice);
        Counter his = await CountAsync(bob);
        for (int i = 0; i < 100; i++)
        {
            await alice.SayAsync("bob", $"{i}");
        }
        Console.WriteLine($"XXX alice say {hers.Next()}");
        await alice.Client.SynchronizeAsync();
        Console.WriteLine($"XXX alice sync {hers.Next()}");
        await bob.Client.SynchronizeAsync();
        Console.WriteLine($"XXX bob sync {his.Next()}");
        await bob.TakeEventsAsync();
        Console.WriteLine($"XXX bob take {his.Next()}");
        await bob.Client.SynchronizeAsync();
        Console.WriteLine($"XXX bob sync again {his.Next()}");
        await alice.Client.SynchronizeAsync();
        Console.WriteLine($"XXX alice sync again {hers.Next()}");
    }

    /// <summary>A client that was opened anew over a store whose writes are counted, and has done what it does on opening.</summary>
    private static async Task<Counter> CountAsync(Member member)
    {
        CrashingStore? store = null;
        await member.RestartAsync(inner => store = new CrashingStore(inner));
        await member.Client.SynchronizeAsync();
        return new Counter(store!);
    }

    private sealed class Counter(CrashingStore store)
    {
        private int _seen = store.Writes;

        /// <summary>How many batches were written since somebody asked.</summary>
        public int Next()
        {
            int before = _seen;
            _seen = store.Writes;
            return _seen - before;
        }
    }
}
