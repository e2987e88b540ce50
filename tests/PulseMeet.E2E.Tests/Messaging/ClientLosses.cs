using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What is lost, damaged, forged, or asked for by the wrong one. Attacks 43, 49, 50, 52 to 55 and 57.</summary>
public sealed partial class ClientLosses
{
    [Fact]
    public async Task A_gap_is_told_after_a_minute_asked_for_and_filled()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        bool isLosing = true;
        world.Relay.OnTheWay = (sender, envelope) => isLosing && envelope.Recipient == bob.Address ? [] : [envelope];
        await alice.SayAsync("bob", "two");
        await alice.SayAsync("bob", "three");
        await alice.SyncAsync();
        isLosing = false;
        await alice.SayAsync("bob", "four");
        await world.SettleAsync();
        Assert.Equal(["one", "four"], bob.Texts);
        Assert.DoesNotContain(bob.Seen, e => e is MessagesMissing);

        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        MessagesMissing missing = Assert.Single(bob.Seen.OfType<MessagesMissing>());
        Assert.Equal((2UL, false, "alice"), (missing.Count, missing.IsLost, missing.ConversationWith));
        Assert.Equal(["one", "four", "three", "two"], bob.Texts.Order().OrderBy(text => text == "one" ? 0 : text == "four" ? 1 : 2));
    }

    [Fact]
    public async Task A_lost_last_message_shows_by_whatever_comes_next_and_is_named_as_lost_once_nobody_keeps_it()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        bool isLosing = true;
        world.Relay.OnTheWay = (sender, envelope) => isLosing && envelope.Recipient == bob.Address ? [] : [envelope];
        await alice.SayAsync("bob", "two");
        await alice.SyncAsync();
        isLosing = false;
        world.Clock.Advance(TimeSpan.FromDays(8));
        await alice.SyncAsync();

        // Bob writes: Alice's device says that it has that, and with it how far it has counted.
        await bob.SayAsync("alice", "hello?");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.Equal([(1UL, false), (1UL, true)], bob.Seen.OfType<MessagesMissing>().Select(missing => (missing.Count, missing.IsLost)));
        Assert.Equal(["one"], bob.Texts);
    }

    [Theory]
    [InlineData("the request")]
    [InlineData("the answer")]
    public async Task Where_a_request_or_its_answer_is_lost_it_is_asked_again_until_the_message_is_there(string isLost)
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        await LoseAsync(world, alice, bob, _ => alice.SayAsync("bob", "two"));
        await alice.SayAsync("bob", "three");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromMinutes(2));

        // Bob notices the gap, and asks.
        if (isLost == "the request")
        {
            await LoseAsync(world, bob, alice, _ => Task.CompletedTask);
        }
        else
        {
            await bob.SyncAsync();
            await LoseAsync(world, alice, bob, alice.Client.SynchronizeAsync);
        }

        await world.SettleAsync();
        Assert.Equal(["one", "three"], bob.Texts);
        Assert.Equal([(1UL, false)], bob.Seen.OfType<MessagesMissing>().Select(missing => (missing.Count, missing.IsLost)));

        world.Clock.Advance(TimeSpan.FromHours(1));
        await world.SettleAsync();
        Assert.Equal(["one", "three", "two"], bob.Texts);
        Assert.Single(bob.Seen.OfType<MessagesMissing>());
        Assert.Null(await (await bob.Client.OpenAsync(default)).Controls.NameGapsAsync(default));
    }

    [Fact]
    public async Task What_waited_for_longer_than_it_is_kept_is_kept_from_when_it_was_sent()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "zero");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));
        world.Relay.Before = (caller, _) => caller == alice.Address ? throw new E2EException(E2EError.RelayUnavailable) : Task.CompletedTask;
        await alice.SayAsync("bob", "one");
        world.Clock.Advance(TimeSpan.FromDays(8));
        world.Relay.Before = (_, _) => Task.CompletedTask;
        await LoseAsync(world, alice, bob, _ => alice.SyncAsync());
        Assert.Contains(world.Relay.Delivered, item => item.Sender == alice.Address && item.Envelope.Recipient == bob.Address);

        await alice.SayAsync("bob", "two");
        await world.SettleAsync();
        Assert.Equal(["zero", "two"], bob.Texts);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.Equal(["zero", "two", "one"], bob.Texts);
        Assert.DoesNotContain(bob.Seen, e => e is MessagesMissing { IsLost: true });
    }

    [Fact]
    public async Task What_a_device_that_never_answers_owes_is_asked_for_eight_times_and_then_named_as_lost()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        await LoseAsync(world, alice, bob, _ => alice.SayAsync("bob", "two"));
        await alice.SayAsync("bob", "three");
        await world.SettleAsync();
        alice.IsActive = false;
        Controls controls = (await bob.Client.OpenAsync(default)).Controls;
        var asked = new List<double>();
        DateTimeOffset begin = world.Clock.GetUtcNow();
        while (await controls.NameGapsAsync(default) is { } due)
        {
            Assert.InRange(due, world.Clock.GetUtcNow().AddTicks(1), begin.AddDays(9));
            int before = Count(world, bob, alice);
            world.Clock.Advance(due - world.Clock.GetUtcNow());
            await bob.SyncAsync();
            asked.AddRange(Enumerable.Repeat((world.Clock.GetUtcNow() - begin).TotalHours, Count(world, bob, alice) - before));
        }

        const double Minute = 1 / 60.0;
        Assert.Equal([0, 1, 3, 7, 15, 31, 63, 127], asked.Select(hours => Math.Round(hours - Minute, 6)));
        Assert.Equal([(1UL, false), (1UL, true)], bob.Seen.OfType<MessagesMissing>().Select(missing => (missing.Count, missing.IsLost)));
        Assert.Equal(127 + 64, Math.Round((world.Clock.GetUtcNow() - begin).TotalHours - Minute, 6));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_missing_of_a_device_whose_name_another_has_without_keys_is_named_and_given_up_in_the_end(bool isNamedBefore)
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member laptop = await world.LinkAsync(alice, "laptop");
        await laptop.SayAsync("bob", "one");
        await world.SettleAsync();
        await LoseAsync(world, laptop, bob, _ => laptop.SayAsync("bob", "two"));
        await laptop.SayAsync("bob", "three");
        await world.SettleAsync();
        laptop.IsActive = false;
        if (isNamedBefore)
        {
            world.Clock.Advance(TimeSpan.FromMinutes(2));
            await world.SettleAsync();
        }

        // The list has its name still: for a device that was let in and never came.
        await alice.Client.RemoveDeviceAsync("laptop");
        Member never = world.Device("alice", "laptop");
        using LinkRequest request = await never.Client.RequestLinkAsync();
        await alice.Client.ApproveLinkAsync(request.Payload);
        never.IsActive = false;
        await alice.SayAsync("bob", "four");
        await world.SettleAsync();
        await alice.SayAsync("bob", "five");
        await world.SettleAsync();
        UserRecord known = (await (await bob.Client.OpenAsync(default)).Core.ChangeAsync([], work => work.UserAsync("alice").AsTask(), default))!;
        Assert.False((await laptop.Client.OpenAsync(default)).Core.Identity.Certificate.IsSameDevice(known.List.Find("laptop")!));

        Controls controls = (await bob.Client.OpenAsync(default)).Controls;
        DateTimeOffset begin = world.Clock.GetUtcNow();
        int looks = 0;
        while (await controls.NameGapsAsync(default) is { } due)
        {
            Assert.True(looks++ < 600, $"still due at {due}, {due - begin} after the begin");
            world.Clock.Advance(due - world.Clock.GetUtcNow());
            await bob.SyncAsync();
        }

        Assert.Equal([(1UL, false), (1UL, true)], bob.Seen.OfType<MessagesMissing>().Select(missing => (missing.Count, missing.IsLost)));
        Assert.InRange(world.Clock.GetUtcNow() - begin, TimeSpan.FromDays(7), TimeSpan.FromDays(9));
    }

    [Fact]
    public async Task A_relay_that_doubles_and_reorders_everything_changes_nothing()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        world.Relay.OnTheWay = (_, envelope) => [envelope, envelope];
        for (int i = 0; i < 10; i++)
        {
            await alice.SayAsync("bob", $"{i}");
        }

        await alice.SyncAsync();
        world.Relay.OnPage = (_, items) => [.. items.Reverse()];
        await world.SettleAsync();
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i}"), bob.Texts.Order());
        Assert.DoesNotContain(bob.Seen, e => e is not MessageReceived);
    }

    /// <summary>Far more gaps than are kept, before anybody looks at them; and far more than were one when they were named.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task However_many_gaps_a_relay_makes_what_comes_through_is_read_and_the_rest_named(bool isOneGapBefore)
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "first");
        await world.SettleAsync();
        var kept = new List<OutgoingEnvelope>();
        int count = 0;
        world.Relay.OnTheWay = (sender, envelope) =>
        {
            if (envelope.Recipient != bob.Address)
            {
                return [envelope];
            }

            kept.Add(envelope);
            return !isOneGapBefore && count++ % 2 == 0 ? [envelope] : [];
        };
        for (int i = 0; i < 1300; i++)
        {
            await alice.SayAsync("bob", $"{i}");
            if (i % 400 == 399)
            {
                await alice.SyncAsync();
            }
        }

        await alice.SyncAsync();
        world.Relay.OnTheWay = (_, envelope) => envelope.Recipient == bob.Address || isOneGapBefore ? [envelope] : [];
        await alice.SayAsync("bob", "last");
        await alice.SyncAsync();
        if (isOneGapBefore)
        {
            // All of it is one gap, and named; then every other one comes after all.
            world.Relay.OnTheWay = (sender, envelope) => sender == bob.Address ? [] : [envelope];
            await bob.SyncAsync();
            world.Clock.Advance(TimeSpan.FromMinutes(2));
            await bob.SyncAsync();
            foreach (OutgoingEnvelope late in kept.Where((_, i) => i % 2 == 0))
            {
                world.Relay.Put(alice.Address, late);
            }
        }

        await bob.SyncAsync();
        Assert.Equal(652, bob.Texts.Count());
        Assert.DoesNotContain(bob.Seen, e => e is MessageUnreadable);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await bob.SyncAsync();
        await bob.SyncAsync();
        ulong missing = Sum(isLost: false);
        Assert.Equal(isOneGapBefore ? 1300UL : 650UL, missing);
        Assert.Equal(650UL - IncomingStream.MaxRanges, Sum(isLost: true));
        await bob.SayAsync("alice", "still here");
        ulong Sum(bool isLost) => bob.Seen.OfType<MessagesMissing>().Where(told => told.IsLost == isLost).Aggregate(0UL, (sum, told) => sum + told.Count);
    }

    [Fact]
    public async Task Two_thousand_and_one_lost_messages_are_named_come_by_and_by_and_the_conversation_heals()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        await bob.SayAsync("alice", "two");
        await world.SettleAsync();
        bool isLosing = true;
        world.Relay.OnTheWay = (_, envelope) => isLosing && envelope.Recipient == bob.Address ? [] : [envelope];
        for (int i = 0; i < 2001; i++)
        {
            await alice.SayAsync("bob", "lost");
            if (i % 200 == 0)
            {
                await alice.SyncAsync();
            }
        }

        await alice.SyncAsync();
        isLosing = false;
        int claims = world.Relay.Claims;
        await alice.SayAsync("bob", "here");
        for (int i = 0; i < 5; i++)
        {
            await world.SettleAsync(3);
            world.Clock.Advance(TimeSpan.FromMinutes(2));
        }

        Assert.Contains("here", bob.Texts);
        ulong named = bob.Seen.OfType<MessagesMissing>().Where(missing => !missing.IsLost).Aggregate(0UL, (sum, e) => sum + e.Count);
        Assert.Equal(2001UL, named);

        // A thousand are sent again in an hour, and no more; what is left is asked for once more, and is not given up.
        Assert.Equal(1000, bob.Texts.Count(text => text == "lost"));
        await LoseAsync(world, alice, bob, _ => alice.SayAsync("bob", "lost"));
        await alice.SayAsync("bob", "here, too");
        await world.SettleAsync(3);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.Equal(1000, bob.Texts.Count(text => text == "lost"));
        for (int i = 0; i < 3; i++)
        {
            world.Clock.Advance(TimeSpan.FromHours(2));
            await world.SettleAsync();
        }

        Assert.Equal(2002, bob.Texts.Count(text => text == "lost"));
        Assert.DoesNotContain(bob.Seen, e => e is MessagesMissing { IsLost: true });
        Assert.InRange(world.Relay.Claims - claims, 0, PeerRecord.MaxRepairs);
        await bob.SayAsync("alice", "fine");
        await world.SettleAsync();
        Assert.Contains("fine", alice.Texts);
    }

    [Fact]
    public async Task An_app_that_never_reads_leaves_its_messages_at_the_relay_and_loses_none()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        for (int i = 0; i < 1300; i++)
        {
            await alice.SayAsync("bob", $"{i}");
            if (i % 100 == 0)
            {
                await alice.SyncAsync();
                await bob.Client.SynchronizeAsync();
            }
        }

        await alice.SyncAsync();
        for (int i = 0; i < 5; i++)
        {
            await bob.Client.SynchronizeAsync();
        }

        Assert.InRange((await bob.Client.PeekAsync(5000, default)).Count, ClientCore.MaxInbox, ClientCore.MaxInbox + 200);
        Assert.InRange((await world.Relay.MailboxOfAsync(bob.Address)).Count, 100, 400);
        await bob.RestartAsync();
        await world.SettleAsync();
        Assert.Equal(Enumerable.Range(0, 1300).Select(i => $"{i}"), bob.Texts);
    }

    [Fact]
    public async Task An_app_that_brings_its_items_itself_and_never_reads_is_told_so_and_loses_none()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        var said = new List<string>();
        bool isFull = false;
        for (int i = 0; i < 15 && !isFull; i++)
        {
            for (int k = 0; k < 100; k++)
            {
                said.Add($"{i} {k}");
                await alice.SayAsync("bob", said[^1]);
            }

            await alice.SyncAsync();
            MailboxItem[] items = [.. await world.Relay.MailboxOfAsync(bob.Address)];
            try
            {
                await bob.Client.PushAsync(items);
                await world.Relay.Connect(bob.Address).AcknowledgeAsync([.. items.Select(item => item.Id)]);
            }
            catch (E2EException exception) when (exception.Reason == E2EError.LimitExceeded)
            {
                isFull = true;
            }
        }

        Assert.True(isFull);
        Assert.InRange((await bob.Client.PeekAsync(5000, default)).Count, ClientCore.MaxInbox, ClientCore.MaxInbox + 200);
        await bob.TakeEventsAsync();
        await world.SettleAsync();
        Assert.Equal(said, bob.Texts);
    }

    private static int Count(World world, Member from, Member to) =>
        world.Relay.Delivered.Count(item => item.Sender == from.Address && item.Envelope.Recipient == to.Address);
}
