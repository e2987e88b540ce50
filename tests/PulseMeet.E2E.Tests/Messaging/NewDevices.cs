namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A device that is new on the list opens everything that is sent to it from then on, and is told of nothing lost that was never for it.</summary>
public sealed class NewDevices
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_sealed_for_a_device_that_had_the_name_before_is_passed_over(bool isFirstMessage)
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member before = await world.LinkAsync(bob, "tablet");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));
        if (!isFirstMessage)
        {
            await alice.SayAsync("bob", "one");
            await world.SettleAsync();
        }

        // Sealed for the tablet that bob has lost by now, and under way until the next one has its name.
        await alice.SayAsync("bob", "two");
        await (await alice.Client.OpenAsync(default)).Outbox.PrepareAsync(default);
        before.IsActive = false;
        await bob.Client.RemoveDeviceAsync("tablet");
        Member tablet = await world.LinkAsync(bob, "tablet");
        await tablet.Client.AcceptAsync("alice");
        await alice.SyncAsync();
        Assert.Contains(world.Relay.Delivered, item => item.Sender == alice.Address && item.Envelope.Recipient == tablet.Address);
        await tablet.SyncAsync();
        Assert.DoesNotContain(tablet.Seen, IsAboutALoss);

        world.Clock.Advance(TimeSpan.FromHours(2));
        await alice.SayAsync("bob", "three");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));
        await world.SettleAsync();
        Assert.Equal("three", Assert.Single(tablet.Texts));
        Assert.DoesNotContain(world.Members.Where(member => member.IsActive).SelectMany(member => member.Seen), IsAboutALoss);
    }

    [Fact]
    public async Task What_a_device_wrote_that_had_the_name_before_is_refused_and_no_session_with_the_new_one_is_begun_for_it()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member before = await world.LinkAsync(bob, "tablet");
        await before.Client.AcceptAsync("alice");
        await before.SayAsync("alice", "one");
        await world.SettleAsync();
        Assert.Equal(["one"], alice.Texts);

        // It lies in alice's mailbox until the next tablet has the name, and she knows.
        await before.SayAsync("alice", "two");
        await before.Client.SynchronizeAsync();
        before.IsActive = false;
        await bob.Client.RemoveDeviceAsync("tablet");
        Member tablet = await world.LinkAsync(bob, "tablet");
        await tablet.Client.AcceptAsync("alice");
        world.Clock.Advance(TimeSpan.FromHours(2));
        await alice.SayAsync("bob", "three");
        await (await alice.Client.OpenAsync(default)).Outbox.SendAsync(default);
        await world.SettleAsync();
        MessageUnreadable refused = Assert.Single(alice.Seen.OfType<MessageUnreadable>());
        Assert.Equal((E2EError.UnlistedDevice, false), (refused.Reason, refused.IsAskedForAgain));
        Assert.Equal(["three"], tablet.Texts);
        Assert.DoesNotContain(tablet.Seen, IsAboutALoss);
    }

    [Fact]
    public async Task A_device_that_came_since_is_told_nothing_of_a_stream_that_had_ended_before()
    {
        await using var world = new World { Configure = options => options.DeviceListAge = TimeSpan.Zero };
        (Member alice, Member bob) = await world.FriendsAsync();
        await bob.SayAsync("alice", "zero");
        await world.SettleAsync();
        alice.IsActive = false;

        // Before the relay has said that his store is no old copy, in a stream that gives no number any more afterwards.
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        await bob.RestartAsync();
        await bob.SayAsync("alice", "one");
        await world.SettleAsync();
        Member laptop = await LinkAsync(world, alice, bob);

        // His clock is corrected a little: what the laptop sees of him first looks older than that stream.
        world.Clock.Advance(TimeSpan.FromSeconds(-30));
        await bob.SayAsync("alice", "two");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));
        await world.SettleAsync();
        Assert.Equal(["two"], laptop.Texts);
        Assert.DoesNotContain(laptop.Seen, IsAboutALoss);
    }

    [Fact]
    public async Task A_clock_that_was_set_back_lets_a_device_that_came_since_miss_nothing_of_before()
    {
        await using var world = new World { Configure = options => options.DeviceListAge = TimeSpan.Zero };
        (Member alice, Member bob) = await world.FriendsAsync();
        await bob.SayAsync("alice", "one");
        await world.SettleAsync();
        Member laptop = await LinkAsync(world, alice, bob);

        // What the laptop sees of him first was written, by his clock, before he began the stream in which he goes on afterwards.
        world.Clock.Advance(TimeSpan.FromMinutes(-1));
        await bob.RestartAsync();
        await bob.SayAsync("alice", "two");
        await world.SettleAsync();
        await bob.SayAsync("alice", "three");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));
        await world.SettleAsync();
        Assert.Equal(["two", "three"], laptop.Texts);
        Assert.DoesNotContain(laptop.Seen, IsAboutALoss);
    }

    [Fact]
    public async Task A_listed_device_that_could_not_be_written_to_gets_what_was_said_once_it_can()
    {
        await using var world = new World { Configure = options => options.Ratchet.RenewalInterval = TimeSpan.FromDays(1) };
        (Member alice, Member bob) = await world.FriendsAsync();
        Member laptop = await world.LinkAsync(bob, "laptop");
        await laptop.Client.AcceptAsync("alice");
        laptop.IsActive = false;
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();

        // The session that the laptop leaves unanswered has had its time, and for another one the relay gives no keys.
        world.Clock.Advance(TimeSpan.FromDays(1.1));
        world.Relay.ShownBundles = (_, _, claimed) => claimed with { Bundles = claimed.Bundles.Where(bundle => bundle.Key != "laptop").ToDictionary() };
        await alice.SayAsync("bob", "two");
        await world.SettleAsync();
        Assert.Equal(laptop.Address, Assert.Single(alice.Seen.OfType<DeviceUnreachable>()).Device);

        laptop.IsActive = true;
        await world.SettleAsync();
        await alice.SayAsync("bob", "three");
        await world.SettleAsync();
        Assert.Equal(["one", "three"], laptop.Texts);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.Equal(["one", "three", "two"], laptop.Texts);
        Assert.DoesNotContain(laptop.Seen.OfType<MessagesMissing>(), missing => missing.IsLost);
    }

    /// <summary>Nothing else is said that would show it: the device is told how far the numbers go once it has keys.</summary>
    [Fact]
    public async Task A_listed_device_that_could_not_be_written_to_asks_for_what_was_said_last_though_nothing_is_said_any_more()
    {
        await using var world = new World { Configure = options => options.Ratchet.RenewalInterval = TimeSpan.FromDays(1) };
        (Member alice, Member bob) = await world.FriendsAsync();
        Member laptop = await world.LinkAsync(bob, "laptop");
        await world.SettleAsync();
        laptop.IsActive = false;
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromDays(1.1));
        world.Relay.ShownBundles = (_, _, claimed) => claimed with { Bundles = claimed.Bundles.Where(bundle => bundle.Key != "laptop").ToDictionary() };
        await alice.SayAsync("bob", "two");
        await world.SettleAsync();
        await alice.RestartAsync();
        await world.SettleAsync();
        Assert.Equal(laptop.Address, Assert.Single(alice.Seen.OfType<DeviceUnreachable>()).Device);

        laptop.IsActive = true;
        for (int i = 0; i < 3; i++)
        {
            world.Clock.Advance(TimeSpan.FromMinutes(2));
            await world.SettleAsync();
        }

        Assert.Equal(["one", "two"], laptop.Texts);
        Assert.DoesNotContain(laptop.Seen.OfType<MessagesMissing>(), missing => missing.IsLost);
    }

    /// <summary>A laptop of Alice's, which Bob knows: it has said hello.</summary>
    private static async Task<Member> LinkAsync(World world, Member alice, Member bob)
    {
        Member laptop = await world.LinkAsync(alice, "laptop");
        await laptop.Client.AcceptAsync("bob");
        await laptop.SayAsync("bob", "hello");
        await world.SettleAsync();
        Assert.Contains("hello", bob.Texts);
        return laptop;
    }

    private static bool IsAboutALoss(E2EEvent told) => told is MessagesMissing or MessageUnreadable or SessionRepaired;
}
