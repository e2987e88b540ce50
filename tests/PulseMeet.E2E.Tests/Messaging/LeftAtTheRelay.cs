using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What is left at the relay until the clocks agree has bounds that nobody can use: against other senders, the mailbox or the line. Attack 48.</summary>
public sealed class LeftAtTheRelay
{
    [Fact]
    public async Task What_the_relay_does_not_bring_again_keeps_the_place_of_nothing_else()
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        LaggingClock clock = world.SetAhead();
        Member alice = await world.SignUpAsync("alice");
        for (int i = 0; i < EarlyItems.MaxPerUser; i++)
        {
            await alice.SayAsync("bob", $"{i}");
        }

        await alice.SyncAsync();
        await bob.SyncAsync();
        long last = (await world.Relay.MailboxOfAsync(bob.Address)).Max(item => item.Id);
        world.Relay.OnPage = (device, items) => [.. items.Where(item => device != bob.Address || item.Id > last)];
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        await bob.SyncAsync();
        await alice.SayAsync("bob", "another one");
        await alice.SyncAsync();
        await bob.SyncAsync();
        Assert.DoesNotContain(bob.Seen, told => told is MessageUnreadable { IsAskedForAgain: false });

        // It was only late.
        world.Relay.OnPage = (_, items) => items;
        world.LetAgree(clock);
        await world.SettleAsync();
        await bob.Client.AcceptAsync("alice");
        await world.SettleAsync();
        Assert.Equal([.. Enumerable.Range(0, EarlyItems.MaxPerUser).Select(i => $"{i}"), "another one"], bob.Texts);
    }

    [Fact]
    public async Task Copies_of_what_is_left_take_no_place_and_the_app_hears_nothing_of_them()
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        LaggingClock clock = world.SetAhead();
        Member alice = await world.SignUpAsync("alice");
        await alice.SayAsync("bob", "one");
        await alice.SyncAsync();
        for (int i = 0; i < EarlyItems.MaxPerUser; i++)
        {
            world.Relay.Put(alice.Address, world.Relay.Delivered.Single(item => item.Envelope.Recipient == bob.Address).Envelope);
        }

        await bob.SyncAsync();
        await alice.SayAsync("bob", "two");
        await alice.SyncAsync();
        await bob.SyncAsync();
        Assert.Equal(2, bob.Seen.OfType<MessageUnreadable>().Count());
        Assert.Equal(2, (await world.Relay.MailboxOfAsync(bob.Address)).Count);
        world.LetAgree(clock);
        await bob.SyncAsync();
        await bob.Client.AcceptAsync("alice");
        await bob.TakeEventsAsync();
        Assert.Equal(["one", "two"], bob.Texts);
    }

    [Fact]
    public async Task Accounts_that_fill_up_together_what_is_left_keep_nobody_out_and_fill_no_mailbox()
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        LaggingClock clock = world.SetAhead();
        for (int i = 0; i < EarlyItems.Max / EarlyItems.MaxPerUser; i++)
        {
            Member mallory = await world.SignUpAsync($"mallory {i}");
            for (int j = 0; j < EarlyItems.MaxPerUser; j++)
            {
                byte[] content = new byte[j == 0 ? RelayLimits.MaxEnvelopeSize : 100];
                world.Relay.Put(mallory.Address, new OutgoingEnvelope(bob.Address, Guid.NewGuid().ToByteArray(), content));
            }
        }

        await bob.SyncAsync();
        Assert.Equal(EarlyItems.Max, (await world.Relay.MailboxOfAsync(bob.Address)).Count);

        Member alice = await world.SignUpAsync("alice");
        await alice.SayAsync("bob", "hello");
        await alice.SyncAsync();
        await bob.SyncAsync();
        IReadOnlyList<MailboxItem> left = await world.Relay.MailboxOfAsync(bob.Address);
        Assert.Contains(left, item => item.Sender == alice.Address);
        Assert.Equal(EarlyItems.Max, left.Count);
        Assert.Equal(1, bob.Seen.OfType<MessageUnreadable>().Count(told => !told.IsAskedForAgain));
        world.LetAgree(clock);
        await bob.SyncAsync();
        await bob.Client.AcceptAsync("alice");
        await bob.TakeEventsAsync();
        Assert.Equal(["hello"], bob.Texts);
    }

    [Fact]
    public async Task Long_items_of_many_accounts_leave_room_in_the_mailbox()
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        LaggingClock clock = world.SetAhead();
        for (int i = 0; i < 9; i++)
        {
            Member mallory = await world.SignUpAsync($"mallory {i}");
            for (int j = 0; j < 5; j++)
            {
                world.Relay.Put(mallory.Address, new OutgoingEnvelope(bob.Address, Guid.NewGuid().ToByteArray(), new byte[RelayLimits.MaxEnvelopeSize]));
            }
        }

        await bob.SyncAsync();
        Member alice = await world.SignUpAsync("alice");
        await alice.SayAsync("bob", "hello");
        await alice.SyncAsync();
        await bob.SyncAsync();
        IReadOnlyList<MailboxItem> left = await world.Relay.MailboxOfAsync(bob.Address);
        Assert.InRange(left.Sum(item => item.Content.Length), 1, EarlyItems.MaxBytes);
        Assert.All(left.GroupBy(item => item.Sender), sender => Assert.InRange(sender.Sum(item => item.Content.Length), 1, EarlyItems.MaxBytesPerUser));
        world.LetAgree(clock);
        await bob.SyncAsync();
        await bob.Client.AcceptAsync("alice");
        await bob.TakeEventsAsync();
        Assert.Equal(["hello"], bob.Texts);
    }

    [Fact]
    public void Strangers_leave_the_room_to_accounts_that_were_accepted()
    {
        var early = new EarlyItems(new ManualClock());
        foreach (int id in Enumerable.Range(1, EarlyItems.Max - 2))
        {
            Assert.True(early.TryLeave(Item(id, $"stranger {id}"), isAccepted: false, null, out _));
        }

        Assert.True(early.TryLeave(Item(1001, "bob"), isAccepted: true, null, out _));
        Assert.True(early.TryLeave(Item(1002, "bob"), isAccepted: true, null, out _));
        Assert.True(early.TryLeave(Item(1003, "bob"), isAccepted: true, null, out IReadOnlyList<EarlyItems.Item> refused));
        Assert.False(Assert.Single(refused).IsAccepted);
        Assert.True(early.IsRefused(refused[0].Id));
    }

    [Fact]
    public async Task What_is_left_is_asked_for_less_and_less_often_and_at_once_where_the_clock_is_set()
    {
        await using var world = new World();
        var clock = new ManualClock(world.Clock.GetUtcNow());
        world.ClientClock = clock;
        Member bob = await world.SignUpAsync("bob");
        world.ClientClock = new LaggingClock(world.Clock) { Lag = -TimeSpan.FromMinutes(150) };
        world.RelayClock.Lag = -TimeSpan.FromMinutes(150);
        Member alice = await world.SignUpAsync("alice");
        await alice.SayAsync("bob", "hello");
        await alice.SyncAsync();
        int brought = 0;
        world.Relay.OnPage = (device, items) =>
        {
            brought += device == bob.Address && items.Count > 0 ? 1 : 0;
            return items;
        };
        await bob.SyncAsync();
        for (int minutes = 0; minutes < 124; minutes++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            await bob.SyncAsync();
        }

        // At the first, and 1, 3, 7, 15, 31, 63 and 123 minutes later.
        Assert.Equal(8, brought);
        Assert.Empty(bob.Seen.OfType<MessageRequested>());
        clock.Set(clock.GetUtcNow() + TimeSpan.FromMinutes(25));
        await bob.SyncAsync();
        Assert.Single(bob.Seen.OfType<MessageRequested>());
    }

    [Fact]
    public async Task What_could_not_be_noted_as_left_the_app_is_told_of_the_next_time()
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        await bob.SyncAsync();
        world.SetAhead();
        Member alice = await world.SignUpAsync("alice");
        world.ClientClock = null;
        CrashingStore? store = null;
        await bob.RestartAsync(inner => store = new CrashingStore(inner));
        await bob.SyncAsync();
        await alice.SayAsync("bob", "hello");
        await alice.SyncAsync();
        world.Relay.OnPage = (device, items) =>
        {
            if (device == bob.Address && items.Any(item => item.Sender == alice.Address))
            {
                world.Relay.OnPage = (_, all) => all;
                store!.Plan(1, StoreFault.FailBefore);
            }

            return items;
        };
        await Assert.ThrowsAsync<E2EException>(() => bob.Client.SynchronizeAsync());
        Assert.True(store!.HasHappened);
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        await bob.SyncAsync();
        Assert.Single(bob.Seen.OfType<MessageUnreadable>(), told => told is { Reason: E2EError.Expired, IsAskedForAgain: true });
    }

    [Fact]
    public async Task A_start_tells_the_app_nothing_anew_of_what_is_left()
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        LaggingClock clock = world.SetAhead();
        Member alice = await world.SignUpAsync("alice");
        world.ClientClock = null;
        await alice.SayAsync("bob", "one");
        await alice.SayAsync("bob", "two");
        await alice.SyncAsync();
        for (int i = 0; i < 3; i++)
        {
            await bob.RestartAsync();
            await bob.SyncAsync();
        }

        Assert.Equal(2, bob.Seen.OfType<MessageUnreadable>().Count());
        world.LetAgree(clock);
        await bob.SyncAsync();
        await bob.Client.AcceptAsync("alice");
        await bob.TakeEventsAsync();
        Assert.Equal(["one", "two"], bob.Texts);
        Assert.False(await (await bob.Client.OpenAsync(default)).Core.Store.IsAnyAsync(RecordKey.Early, default));
    }

    private static MailboxItem Item(long id, string userId) => new(
        id, MailboxItemKind.Envelope, new DeviceAddress(userId, "phone"), default, Guid.NewGuid().ToByteArray(), DateTimeOffset.UnixEpoch, new byte[100]);
}
