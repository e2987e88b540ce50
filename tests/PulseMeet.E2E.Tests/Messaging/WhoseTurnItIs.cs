using FsCheck.Xunit;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Turns are given in the order in which they were asked for: to one alone, or to several who share one.</summary>
public sealed class WhoseTurnItIs
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Gates _gates = new();

    [Fact]
    public async Task Those_who_share_a_turn_have_it_together_and_whoever_wants_it_alone_waits_for_all_of_them()
    {
        IDisposable one = await SharedAsync("bob");
        IDisposable two = await SharedAsync("bob");
        Task<IDisposable> alone = AloneAsync("bob");
        one.Dispose();
        Assert.False(alone.IsCompleted);
        two.Dispose();
        (await alone.WaitAsync(s_patience)).Dispose();
    }

    [Fact]
    public async Task Whoever_wants_a_turn_alone_is_not_kept_out_by_those_who_share_it_and_come_later()
    {
        IDisposable first = await SharedAsync("bob");
        Task<IDisposable> alone = AloneAsync("bob");
        Task<IDisposable> later = SharedAsync("bob");
        Assert.False(later.IsCompleted);
        first.Dispose();
        IDisposable his = await alone.WaitAsync(s_patience);
        Assert.False(later.IsCompleted);
        his.Dispose();
        (await later.WaitAsync(s_patience)).Dispose();
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_lets_those_behind_him_in()
    {
        using var patience = new CancellationTokenSource();
        IDisposable first = await SharedAsync("bob");
        Task<IDisposable> alone = _gates.EnterAsync([Gates.User("bob")], patience.Token);
        Task<IDisposable> later = SharedAsync("bob");
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => alone);
        (await later.WaitAsync(s_patience)).Dispose();
        first.Dispose();
        (await AloneAsync("bob")).Dispose();
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_for_the_second_of_two_turns_gives_the_first_one_back()
    {
        using var patience = new CancellationTokenSource();
        IDisposable carol = await AloneAsync("carol");
        Task<IDisposable> both = _gates.EnterAsync([Gates.User("carol"), Gates.User("bob")], patience.Token);
        Task<IDisposable> bob = AloneAsync("bob");
        Assert.False(bob.IsCompleted);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => both);
        (await bob.WaitAsync(s_patience)).Dispose();
        carol.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _gates.EnterAsync([Gates.User("bob")], patience.Token));
    }

    [Fact]
    public async Task A_turn_that_is_asked_for_alone_and_shared_is_taken_alone()
    {
        IDisposable both = await _gates.EnterAsync([Gates.SharedUser("bob"), Gates.User("bob")], default);
        Task<IDisposable> shared = SharedAsync("bob");
        Assert.False(shared.IsCompleted);
        both.Dispose();
        (await shared.WaitAsync(s_patience)).Dispose();
    }

    /// <summary>Each asks for some turns, leaves or gives up, in any order: at every moment those have theirs whom a queue for each name lets in.</summary>
    [Property(MaxTest = 200)]
    public async Task Whatever_is_asked_for_and_given_back_in_any_order_nobody_is_with_one_who_is_alone(uint seed)
    {
        var random = new Random(unchecked((int)seed));
        var queue = new List<Asking>();
        for (int i = 0; i < 60; i++)
        {
            if (queue.Count == 0 || random.Next(3) > 0)
            {
                var patience = new CancellationTokenSource();
                bool isShared = random.Next(2) == 0;
                queue.Add(new Asking(
                    isShared, patience, _gates.EnterAsync([isShared ? Gates.SharedUser("bob") : Gates.User("bob")], patience.Token)));
            }
            else
            {
                Asking one = queue[random.Next(queue.Count)];
                bool isIn = Inside(queue).Contains(one);
                queue.Remove(one);
                await one.EndAsync(isIn);
            }

            Asking[] inside = [.. Inside(queue)];
            await Task.WhenAll(inside.Select(asking => asking.Entering.WaitAsync(s_patience)));
            Assert.All(queue.Except(inside), asking => Assert.False(asking.Entering.IsCompleted));
        }

        while (queue.Count > 0)
        {
            Asking first = queue[0];
            queue.RemoveAt(0);
            await first.EndAsync(isIn: true);
        }

        Task<IDisposable> next = AloneAsync("bob");
        Assert.True(next.IsCompletedSuccessfully);
        (await next).Dispose();
    }

    [Fact]
    public async Task In_thousands_of_turns_on_all_cores_nobody_is_with_one_who_is_alone()
    {
        int alone = 0;
        int sharing = 0;
        int taken = 0;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(n => Task.Run(async () =>
        {
            for (int i = 0; i < 500; i++)
            {
                bool isShared = (n + i) % 3 != 0;
                using IDisposable turns = await _gates.EnterAsync(
                    [Gates.User($"friend{n % 4}"), isShared ? Gates.SharedUser("alice") : Gates.User("alice")], default);
                Interlocked.Add(ref isShared ? ref sharing : ref alone, 1);
                await Task.Yield();
                Assert.True(Volatile.Read(ref alone) == (isShared ? 0 : 1));
                Assert.True(isShared || Volatile.Read(ref sharing) == 0);
                Interlocked.Add(ref isShared ? ref sharing : ref alone, -1);
                Interlocked.Increment(ref taken);
            }
        })));
        Assert.Equal(16 * 500, taken);
    }

    /// <summary>Those at the head of the queue who may be in together.</summary>
    private static IEnumerable<Asking> Inside(List<Asking> queue) =>
        queue.Count > 0 && !queue[0].IsShared ? queue.Take(1) : queue.TakeWhile(asking => asking.IsShared);

    private Task<IDisposable> AloneAsync(string user) => _gates.EnterAsync([Gates.User(user)], default);

    private Task<IDisposable> SharedAsync(string user) => _gates.EnterAsync([Gates.SharedUser(user)], default);

    private sealed record Asking(bool IsShared, CancellationTokenSource Patience, Task<IDisposable> Entering)
    {
        /// <summary>Leaves, or gives up waiting.</summary>
        public async Task EndAsync(bool isIn)
        {
            if (isIn)
            {
                (await Entering.WaitAsync(s_patience)).Dispose();
            }
            else
            {
                await Patience.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Entering);
            }

            Patience.Dispose();
        }
    }
}
