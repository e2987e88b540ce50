using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Calls beside each other, in whatever order and at whatever moment: nobody waits for a poll, and what has ended says so.</summary>
public sealed class ClientEnds
{
    [Fact]
    public async Task A_round_beside_a_loop_that_waits_at_the_relay_does_not_wait_for_it()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        (Loop loop, TaskCompletionSource isWaiting) = Wait(world, bob);
        await isWaiting.Task;
        for (int i = 0; i < 3; i++)
        {
            await bob.Client.SynchronizeAsync().WaitAsync(TimeSpan.FromSeconds(20));
        }

        await alice.SayAsync("bob", "here");
        await alice.SyncAsync();
        Assert.True(await loop.Next);
        await loop.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_ends_ends_its_loop_at_once(bool isWiped)
    {
        await using var world = new World();
        (_, Member bob) = await world.FriendsAsync();
        (Loop loop, TaskCompletionSource isWaiting) = Wait(world, bob);
        await isWaiting.Task;
        await (isWiped ? bob.Client.WipeAsync() : bob.Client.DisposeAsync().AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => loop.Next.WaitAsync(TimeSpan.FromSeconds(20)));
        await loop.DisposeAsync();
    }

    [Fact]
    public async Task A_loop_whose_store_was_taken_over_ends_at_once_and_says_so()
    {
        await using var world = new World();
        (_, Member bob) = await world.FriendsAsync();
        (Loop loop, TaskCompletionSource isWaiting) = Wait(world, bob);
        await isWaiting.Task;
        await using var extension = new E2EClient(
            bob.Store,
            world.Relay.Connect(bob.Address),
            MasterKeys.Of(bob.Key),
            new E2EClientOptions { Device = bob.Address, SendsByItself = false, TakesStoreOver = true },
            world.Clock);
        _ = await extension.GetOutboxAsync(1);
        E2EException lost = await Assert.ThrowsAsync<E2EException>(() => loop.Next.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(E2EError.StoreInUse, lost.Reason);
        await loop.DisposeAsync();
    }

    [Theory]
    [InlineData(3650)]
    [InlineData(2)]
    [InlineData(-3700)]
    public async Task A_sign_up_under_a_wrong_clock_goes_on_once_the_clock_is_right(int daysAhead)
    {
        await using var world = new World();
        world.RelayClock.Lag = TimeSpan.FromDays(daysAhead);
        Member alice = world.Device("alice");
        await Assert.ThrowsAsync<E2EException>(() => alice.Client.SignUpAsync());
        await Assert.ThrowsAsync<E2EException>(() => alice.Client.SignUpAsync());
        world.Clock.Advance(-TimeSpan.FromDays(daysAhead));
        world.RelayClock.Lag = TimeSpan.Zero;
        (await alice.Client.SignUpAsync()).Dispose();
        Member bob = await world.SignUpAsync("bob");
        await bob.Client.AcceptAsync("alice");
        await alice.SayAsync("bob", "at last");
        await world.SettleAsync();
        Assert.Equal(["at last"], bob.Texts);
    }

    [Fact]
    public async Task A_name_that_was_taken_while_a_sign_up_was_interrupted_is_anothers_and_can_be_linked_to_or_recovered()
    {
        await using var world = new World();
        bool isAway = true;
        world.Relay.Before = (device, call) => isAway && device.DeviceId == "phone" && call.StartsWith("publish", StringComparison.Ordinal)
            ? throw new E2EException(E2EError.RelayUnavailable)
            : Task.CompletedTask;
        Member phone = world.Device("alice");
        await Assert.ThrowsAsync<E2EException>(() => phone.Client.SignUpAsync());
        isAway = false;
        Member tablet = world.Device("alice", "tablet");
        using RecoveryKey recovery = await tablet.Client.SignUpAsync();
        Assert.Equal(E2EError.AccountExists, (await Assert.ThrowsAsync<E2EException>(() => phone.Client.SignUpAsync())).Reason);
        await world.LinkAsync(tablet, phone);
        DeviceListIsOf(await world.Relay.ListOfAsync("alice"), "tablet", "phone");

        // It does not hold the account's key of before, nor the one of now.
        Assert.Equal(E2EError.NotAllowed, (await Assert.ThrowsAsync<E2EException>(() => phone.Client.ReplaceRecoveryKeyAsync())).Reason);
        await phone.SayAsync("alice", "to myself");
        await world.SettleAsync();
        Assert.Equal(["to myself"], tablet.Texts);

        Member other = world.Device("alice", "other");
        await other.Client.RecoverAsync(recovery);
        DeviceListIsOf(await world.Relay.ListOfAsync("alice"), "other");
    }

    [Fact]
    public async Task A_callers_mistakes_are_told_before_anything_happens()
    {
        await using var world = new World();
        (Member alice, _) = await world.FriendsAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => alice.Client.BlockAsync("alice"));
        await Assert.ThrowsAsync<ArgumentException>(() => alice.Client.AcceptAsync("alice"));
        await Assert.ThrowsAsync<ArgumentNullException>(() => alice.Client.PushAsync([null!]));
        await Assert.ThrowsAsync<ArgumentNullException>(
            () => alice.Client.PushAsync([new MailboxItem(0, MailboxItemKind.Envelope, null!, default, default, default, default)]));
        await Assert.ThrowsAsync<ArgumentNullException>(() => alice.Client.ConfirmOutboxAsync([(null!, DeliveryOutcome.Accepted)]));
        await Assert.ThrowsAsync<ArgumentException>(
            () => alice.Client.ConfirmOutboxAsync([(new OutgoingEnvelope(alice.Address, new byte[15], default), DeliveryOutcome.Accepted)]));
        await Assert.ThrowsAsync<ArgumentException>(
            () => alice.Client.ConfirmOutboxAsync([(new OutgoingEnvelope(alice.Address, new byte[16], default), (DeliveryOutcome)7)]));
        using var file = new MemoryStream([1]);
        foreach (FileDetails details in new[] { new(null!, "image/png"), new FileDetails("a", null!), new("a", "b") { Caption = null! } })
        {
            await Assert.ThrowsAsync<ArgumentNullException>(() => alice.Client.SendFileAsync("bob", file, details));
        }

        await alice.SayAsync("alice", "still accepted");
    }

    [Fact]
    public async Task Options_that_are_changed_afterwards_for_another_client_change_nothing_of_this_one()
    {
        await using var world = new World();
        var options = new E2EClientOptions { Device = new("alice", "phone"), SendsByItself = false };
        options.PreKeys.OneTimePairs = 8;
        using MasterKey key = MasterKey.Generate();
        await using var phone = new E2EClient(new InMemoryStore(), world.Relay.Connect(options.Device), MasterKeys.Of(key), options, world.Clock);
        options.Device = new("bob", "phone");
        options.PreKeys.OneTimePairs = 3;
        options.Ratchet.RenewalInterval = TimeSpan.FromTicks(1);
        await using var other = new E2EClient(new InMemoryStore(), world.Relay.Connect(options.Device), MasterKeys.Of(key), options, world.Clock);
        (await phone.SignUpAsync()).Dispose();
        (await other.SignUpAsync()).Dispose();
        Assert.Equal(8, (await world.Relay.Connect(new("alice", "phone")).GetPreKeyStatusAsync()).OneTimePairs);
        Assert.Equal(3, (await world.Relay.Connect(new("bob", "phone")).GetPreKeyStatusAsync()).OneTimePairs);
        await phone.SendAsync("bob", MessageContent.Text("one"));
        await phone.SynchronizeAsync();
        int claims = world.Relay.Claims;
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        await phone.SendAsync("bob", MessageContent.Text("two"));
        await phone.SynchronizeAsync();
        Assert.Equal(claims, world.Relay.Claims);
    }

    [Theory]
    [InlineData(StoreFault.FailBefore, false)]
    [InlineData(StoreFault.FailBefore, true)]
    [InlineData(StoreFault.FailAfter, false)]
    public async Task A_wipe_that_fails_or_is_cancelled_leaves_a_client_that_goes_on(StoreFault fault, bool isCancelled)
    {
        using var time = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await using var world = new World { Configure = options => options.SendsByItself = true };
        (Member alice, Member bob) = await world.FriendsAsync();
        CrashingStore? store = null;
        await alice.RestartAsync(inner => store = new CrashingStore(inner));
        await world.SettleAsync(2);
        store!.Plan(isCancelled ? int.MaxValue : 1, fault);
        if (isCancelled)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => alice.Client.WipeAsync(new CancellationToken(true)));
        }
        else
        {
            Assert.Equal(E2EError.StoreFailed, (await Assert.ThrowsAsync<E2EException>(() => alice.Client.WipeAsync(default))).Reason);
        }

        store.Plan(int.MaxValue, fault);
        if (fault == StoreFault.FailAfter)
        {
            // It was wiped all the same, and says so.
            await Assert.ThrowsAsync<InvalidOperationException>(() => alice.SayAsync("bob", "who?"));
        }
        else
        {
            var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            world.Relay.OnTheWay = (_, envelope) =>
            {
                left.TrySetResult();
                return [envelope];
            };
            await alice.SayAsync("bob", "still here");
            await left.Task.WaitAsync(time.Token);
            (Loop loop, TaskCompletionSource isWaiting) = Wait(world, alice);
            await isWaiting.Task.WaitAsync(time.Token);
            await loop.DisposeAsync();
            await bob.SyncAsync();
            Assert.Contains("still here", bob.Texts);
        }

        await alice.Client.WipeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => alice.SayAsync("bob", "gone"));
    }

    private static void DeviceListIsOf(DeviceList list, params string[] devices) =>
        Assert.Equal(devices.Order(), list.Devices.Select(device => device.Address.DeviceId).Order());

    /// <summary>Begins somebody's loop; the second thing completes when it waits at the relay.</summary>
    private static (Loop Loop, TaskCompletionSource IsWaiting) Wait(World world, Member member)
    {
        var isWaiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Relay.OnWaiting = device =>
        {
            if (device == member.Address)
            {
                isWaiting.TrySetResult();
            }
        };
        return (new Loop(member.Client), isWaiting);
    }

    private sealed class Loop : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ending = new();
        private readonly IAsyncEnumerator<E2EEvent> _events;

        public Loop(E2EClient client)
        {
            _events = client.ReadEventsAsync(_ending.Token).GetAsyncEnumerator();
            Next = _events.MoveNextAsync().AsTask();
        }

        public Task<bool> Next { get; }

        public async ValueTask DisposeAsync()
        {
            await _ending.CancelAsync();
            await Next.ContinueWith(_ => { }, TaskScheduler.Default);
            await _events.DisposeAsync();
            _ending.Dispose();
        }
    }
}
