using PulseMeet.E2E.Identity;
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

        Assert.Equal(100, hers.Next());
        await alice.Client.SynchronizeAsync();
        Assert.Equal(0, hers.Next());

        await bob.Client.SynchronizeAsync();
        Assert.Equal(1, his.Next());
        await bob.TakeEventsAsync();
        Assert.Equal(100, his.Next());
        Assert.Equal(100, bob.Texts.Count(text => text != "hello"));

        await alice.Client.SynchronizeAsync();
        Assert.Equal(1, hers.Next());
    }

    /// <summary>What was delivered is not deleted by a batch of its own; nor is it told to the relay again for that.</summary>
    [Fact]
    public async Task What_is_done_with_goes_with_the_next_batch_or_when_the_client_ends_and_nothing_is_sent_twice()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        var calls = new List<(DeviceAddress Caller, string Call)>();
        world.Relay.Before = (caller, call) =>
        {
            calls.Add((caller, call));
            return Task.CompletedTask;
        };
        await alice.SayAsync("bob", "two");
        for (int i = 0; i < 3; i++)
        {
            await alice.Client.SynchronizeAsync();
        }

        Assert.Single(calls, call => call == (alice.Address, "deliver"));
        Assert.Empty(await alice.Client.GetOutboxAsync(100));
        await bob.SyncAsync();
        await bob.SyncAsync();
        Assert.Single(calls, call => call == (bob.Address, "acknowledge"));
        Assert.Single(calls, call => call == (bob.Address, "deliver"));

        await alice.RestartAsync();
        await bob.RestartAsync();
        calls.Clear();
        await alice.Client.SynchronizeAsync();
        await bob.Client.SynchronizeAsync();
        Assert.DoesNotContain(calls, call => call.Call == "deliver");
        Assert.DoesNotContain(calls, call => call == (bob.Address, "acknowledge"));
    }

    /// <summary>A process that dies before the next batch says it once more, and the other side takes it once.</summary>
    [Fact]
    public async Task What_a_crash_leaves_is_told_once_more_and_taken_once()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        await alice.SayAsync("bob", "two");
        await alice.Client.SynchronizeAsync();
        alice.Crash();
        await bob.Client.SynchronizeAsync();
        bob.Crash();
        await world.SettleAsync();
        Assert.Equal(["one", "two"], bob.Texts);
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
