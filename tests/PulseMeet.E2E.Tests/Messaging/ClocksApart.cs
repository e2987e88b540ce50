using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>One device's clock is ahead of another's, or behind, by more than anybody bears with: what is refused for that is read once the clocks agree, and
/// nobody misses what was never for him. Attack 48.</summary>
public sealed class ClocksApart
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_somebody_new_wrote_whose_clock_is_ahead_is_read_once_the_clocks_agree(bool isRestarted)
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        LaggingClock clock = world.SetAhead();
        Member alice = await world.SignUpAsync("alice");
        await alice.SayAsync("bob", "one");
        await alice.SayAsync("bob", "two");
        await world.SettleAsync();
        Assert.Empty(bob.Texts);
        Assert.Equal(2, bob.Seen.OfType<MessageUnreadable>().Count(told => told is { Reason: E2EError.Expired, IsAskedForAgain: true }));

        world.LetAgree(clock);
        world.ClientClock = null;
        await (isRestarted ? bob.RestartAsync() : Task.CompletedTask);
        await world.SettleAsync();
        await bob.Client.AcceptAsync("alice");
        await world.SettleAsync();
        Assert.Equal(["one", "two"], bob.Texts);
        Assert.Empty(await world.Relay.MailboxOfAsync(bob.Address));
    }

    [Fact]
    public async Task What_a_device_wrote_that_was_linked_on_a_clock_ahead_is_read_by_contacts_and_by_own_devices_once_the_clocks_agree()
    {
        await using var world = new World();
        LaggingClock clock = world.SetAhead();
        clock.Lag = world.RelayClock.Lag = TimeSpan.Zero;
        Member alice = await world.SignUpAsync("alice");
        world.ClientClock = null;
        Member bob = await world.SignUpAsync("bob");
        Member tablet = await world.LinkAsync(alice, "tablet");
        foreach (Member member in new[] { alice, tablet, bob })
        {
            await member.Client.AcceptAsync(member == bob ? "alice" : "bob");
        }

        await alice.SayAsync("bob", "hi");
        await world.SettleAsync();
        clock.Lag = world.RelayClock.Lag = -ClocksAhead.By;
        world.ClientClock = clock;
        Member laptop = await world.LinkAsync(alice, "laptop");
        await laptop.Client.AcceptAsync("bob");
        await laptop.SayAsync("bob", "from the laptop");
        await world.SettleAsync();
        Assert.DoesNotContain("from the laptop", bob.Texts.Concat(tablet.Texts));

        world.LetAgree(clock);
        await world.SettleAsync();
        Assert.Equal(1, bob.Texts.Count(text => text == "from the laptop"));
        Assert.Equal(1, tablet.Texts.Count(text => text == "from the laptop"));
    }

    [Fact]
    public async Task What_a_device_wrote_whose_list_is_known_and_whose_certificate_is_of_before_all_clocks_were_set_back_is_read_later()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "hi");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromHours(1));
        Member laptop = await world.LinkAsync(alice, "laptop");
        await laptop.Client.AcceptAsync("bob");
        await alice.SayAsync("bob", "by the newer list");
        await alice.SyncAsync();
        await bob.SyncAsync();
        await bob.SayAsync("alice", "whose devices are looked at");
        await bob.SyncAsync();
        Assert.Contains(world.Relay.Delivered, item => item.Envelope.Recipient == laptop.Address);
        world.Clock.Advance(-ClocksAhead.By);
        await laptop.SayAsync("bob", "from the laptop");
        await laptop.SyncAsync();
        await bob.SyncAsync();
        Assert.Contains(bob.Seen, told => told is MessageUnreadable { Reason: E2EError.Expired, IsAskedForAgain: true });
        Assert.DoesNotContain("from the laptop", bob.Texts);
        world.Clock.Advance(ClocksAhead.By);
        await bob.SyncAsync();
        Assert.Contains("from the laptop", bob.Texts);
    }

    [Fact]
    public async Task A_device_whose_clock_is_behind_reads_what_everybody_new_wrote_as_soon_as_its_clock_is_right()
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        world.Clock.Advance(TimeSpan.FromDays(2));
        var clock = new LaggingClock(world.Clock) { Lag = TimeSpan.FromDays(1) };
        world.ClientClock = clock;
        await bob.RestartAsync();
        world.ClientClock = null;
        Member alice = await world.SignUpAsync("alice");
        await alice.SayAsync("bob", "hello");
        await world.SettleAsync();
        Assert.Empty(bob.Seen.OfType<MessageRequested>());
        clock.Lag = TimeSpan.Zero;
        await world.SettleAsync();
        Assert.Single(bob.Seen.OfType<MessageRequested>());
        await bob.Client.AcceptAsync("alice");
        await world.SettleAsync();
        Assert.Equal(["hello"], bob.Texts);
    }

    [Fact]
    public async Task Those_who_fill_up_what_is_left_at_the_relay_keep_it_from_nobody_else_and_let_nobody_be_asked_in_a_circle()
    {
        await using var world = new World();
        Member bob = await world.SignUpAsync("bob");
        LaggingClock clock = world.SetAhead();
        Member mallory = await world.SignUpAsync("mallory");
        Member alice = await world.SignUpAsync("alice");
        for (int i = 0; i < EarlyItems.MaxPerUser + 10; i++)
        {
            await mallory.SayAsync("bob", $"{i}");
        }

        await mallory.SyncAsync();
        await alice.SayAsync("bob", "hello");
        await alice.SyncAsync();
        int asked = 0;
        world.Relay.Before = (caller, call) =>
        {
            asked += caller == bob.Address && call == "receive" ? 1 : 0;
            return Task.CompletedTask;
        };
        await bob.SyncAsync();
        Assert.InRange(asked, 1, 3);
        Assert.Equal(EarlyItems.MaxPerUser + 1, (await world.Relay.MailboxOfAsync(bob.Address)).Count);
        Assert.Equal(10, bob.Seen.OfType<MessageUnreadable>().Count(told => !told.IsAskedForAgain));
        world.LetAgree(clock);
        await bob.SyncAsync();
        await bob.Client.AcceptAsync("alice");
        await bob.TakeEventsAsync();
        Assert.Equal(["hello"], bob.Texts);
    }

    /// <summary>Whoever hears of a device first while its clock is right does not take what it had said, in a stream that has a time of the wrong one, for
    /// his.</summary>
    [Fact]
    public async Task A_clock_that_was_hours_ahead_lets_a_device_that_came_since_miss_nothing_of_before()
    {
        await using var world = new World { Configure = options => options.DeviceListAge = TimeSpan.Zero };
        var clock = new LaggingClock(world.Clock) { Lag = TimeSpan.FromHours(-3) };
        world.ClientClock = clock;
        world.RelayClock.Lag = clock.Lag;
        Member bob = await world.SignUpAsync("bob");
        world.RelayClock.Lag = clock.Lag = TimeSpan.Zero;
        await bob.SyncAsync();
        world.ClientClock = null;
        Member alice = await world.SignUpAsync("alice");
        await bob.Client.AcceptAsync("alice");
        await alice.Client.AcceptAsync("bob");
        await bob.SayAsync("alice", "one");
        await world.SettleAsync();
        Member laptop = await world.LinkAsync(alice, "laptop");
        await laptop.Client.AcceptAsync("bob");
        await laptop.SayAsync("bob", "hello");
        await world.SettleAsync();

        world.Clock.Advance(TimeSpan.FromMinutes(1));
        await bob.RestartAsync();
        await bob.SayAsync("alice", "two");
        await world.SettleAsync();
        await bob.SayAsync("alice", "three");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));
        await world.SettleAsync();
        Assert.Equal(["two", "three"], laptop.Texts.Where(text => text != "hello"));
        Assert.Equal(["one", "two", "three"], alice.Texts.Where(text => text != "hello"));
        Assert.DoesNotContain(laptop.Seen.Concat(alice.Seen), told => told is MessagesMissing);
    }
}
