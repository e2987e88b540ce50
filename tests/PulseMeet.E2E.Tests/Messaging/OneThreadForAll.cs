namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>In a browser the page has one thread. What that costs is measured in one (benchmarks/wasm/run.sh); here is counted how often the
/// page has its turn.</summary>
public sealed class OneThreadForAll
{
    private static readonly AsyncLocal<Turns?> s_counted = new();

    static OneThreadForAll()
    {
        Func<ValueTask> pause = GivingWay.Pause;
        GivingWay.Pause = () =>
        {
            s_counted.Value?.Add();
            return pause();
        };
    }

    /// <summary>100 one-time pairs are made eight at a time, 11 key packages of two suites one by one, and records are sealed 16 at a time.</summary>
    [Fact]
    public async Task Whoever_signs_up_or_receives_a_full_page_of_messages_lets_others_have_the_thread_in_between()
    {
        await using var world = new World();
        Member alice = world.Device("alice");
        Assert.InRange(await TurnsDuringAsync(() => alice.Client.SignUpAsync()), 100 / 8, 1000);
        Assert.InRange(await TurnsDuringAsync(() => alice.Client.SynchronizeAsync()), 11 * 2, 1000);

        Member bob = await world.SignUpAsync("bob");
        await alice.SayAsync("bob", "hello");
        await alice.Client.SynchronizeAsync();
        await bob.SyncAsync();
        await bob.Client.AcceptAsync("alice");
        for (int i = 0; i < 100; i++)
        {
            await alice.SayAsync("bob", $"{i}");
        }

        await alice.Client.SynchronizeAsync();
        Assert.InRange(await TurnsDuringAsync(() => bob.Client.SynchronizeAsync()), 100 + (200 / 16), 2000);
        await bob.TakeEventsAsync();
        Assert.Equal(101, bob.Texts.Count());
    }

    private static async Task<int> TurnsDuringAsync(Func<Task> call)
    {
        var turns = new Turns();
        s_counted.Value = turns;
        await call();
        s_counted.Value = null;
        return turns.Count;
    }

    private sealed class Turns
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void Add() => Interlocked.Increment(ref _count);
    }
}
