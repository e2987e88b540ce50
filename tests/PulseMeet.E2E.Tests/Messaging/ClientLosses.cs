using System.Globalization;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;
using static PulseMeet.E2E.Tests.Messaging.HostileDevice;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What is lost, damaged, forged, or asked for by the wrong one. Attacks 43, 49, 50, 52 to 55 and 57.</summary>
public sealed class ClientLosses
{
    [Fact]
    public async Task Both_begin_at_once_in_every_interleaving_and_one_session_remains_whose_ratchet_turns()
    {
        int walks = 0;
        foreach (int[] order in Interleavings(4, 4))
        {
            if (++walks % 5 != 0)
            {
                continue;
            }

            await using var world = new World();
            (Member alice, Member bob) = await world.FriendsAsync();
            int[] at = [0, 0];
            Member[] both = [alice, bob];
            foreach (int who in order)
            {
                Member one = both[who];
                if (at[who]++ % 2 == 0)
                {
                    await one.SayAsync(both[1 - who].UserId, $"{one.UserId}{at[who]}");
                }
                else
                {
                    await one.SyncAsync();
                }
            }

            await world.SettleAsync(4);
            Assert.Equal(["bob1", "bob3"], alice.Texts);
            Assert.Equal(["alice1", "alice3"], bob.Texts);
            SessionId active = await ActiveAsync(alice, bob);
            Assert.Equal(active, await ActiveAsync(bob, alice));
            Assert.DoesNotContain(alice.Seen.Concat(bob.Seen), e => e is not MessageReceived);
        }

        Assert.Equal(70, walks);
    }

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

    [Fact]
    public async Task A_peer_that_was_reinstalled_heals_by_itself()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob", "first");
        Member phone = await world.LinkAsync(bob, "phone");
        await phone.Client.AcceptAsync("alice");
        await bob.Client.AcceptAsync("alice");
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        Assert.Equal(["one"], phone.Texts);

        await alice.SayAsync("bob", "on its way");
        await alice.SyncAsync();
        await phone.LoseAsync();
        await bob.Client.RemoveDeviceAsync("phone");
        await world.LinkAsync(bob, phone);
        await phone.Client.AcceptAsync("alice");
        phone.Seen.Clear();
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));
        await alice.SayAsync("bob", "two");
        await world.SettleAsync();
        Assert.Contains("two", phone.Texts);
        Assert.Contains("on its way", bob.Texts);
        Assert.DoesNotContain("on its way", phone.Texts);
        await phone.SayAsync("alice", "here again");
        await world.SettleAsync();
        Assert.Contains("here again", alice.Texts);
    }

    [Fact]
    public async Task A_store_restored_from_yesterday_says_so_begins_new_sessions_and_loses_nothing_unnamed()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await bob.SayAsync("alice", "two");
        await world.SettleAsync();
        await bob.Client.DisposeAsync();
        InMemoryStore yesterday = bob.Store.Copy();
        await bob.RestartAsync();
        for (int i = 0; i < 5; i++)
        {
            await alice.SayAsync("bob", $"a{i}");
            await bob.SayAsync("alice", $"b{i}");
            await world.SettleAsync(2);
        }

        await bob.RestoreAsync(yesterday);
        await world.SettleAsync(2);
        Assert.Single(bob.Seen.OfType<StoreRolledBack>());
        await bob.SayAsync("alice", "after");
        await alice.SayAsync("bob", "after");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.Contains("after", alice.Texts);
        Assert.Contains("after", bob.Texts);

        // What came between the copy and its return was handed over then, and is missing in the store: named.
        Assert.Equal(5UL, bob.Seen.OfType<MessagesMissing>().Where(missing => missing.IsLost).Aggregate(0UL, (sum, e) => sum + e.Count));
        Assert.Single(bob.Seen.OfType<StoreRolledBack>());
        Assert.Equal(world.Relay.Delivered.Count, world.Relay.Delivered.Select(item => Nonces.Of(item.Envelope)).Distinct().Count());
    }

    [Fact]
    public async Task What_is_written_after_a_store_was_put_back_and_before_the_relay_answers_is_not_taken_for_what_was_said_before()
    {
        await using var world = new World();
        (Member alice, Member bob) = await PutBackBehindTwoAsync(world);
        await alice.SayAsync("bob", "another two");
        await alice.SyncAsync();
        Assert.Single(alice.Seen.OfType<StoreRolledBack>());
        await alice.SayAsync("bob", "four");
        await world.SettleAsync();
        Assert.Equal(["one", "two", "three", "four"], bob.Texts);

        // On the session of the copy it looked like one that had come before; it is missed under its own number, and asked for.
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.Equal(["one", "two", "three", "four", "another two"], bob.Texts);
        Assert.DoesNotContain(bob.Seen, e => e is MessagesMissing { IsLost: true });
    }

    [Fact]
    public async Task What_is_written_last_before_the_relay_says_that_the_store_was_put_back_comes_though_nothing_is_written_after_it()
    {
        await using var world = new World();
        (Member alice, Member bob) = await PutBackBehindTwoAsync(world);
        await alice.SayAsync("bob", "the last");
        await world.SettleAsync();
        Assert.Single(alice.Seen.OfType<StoreRolledBack>());
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.Equal(["one", "two", "three", "the last"], bob.Texts);
        Assert.DoesNotContain(bob.Seen, e => e is MessagesMissing { IsLost: true });
    }

    /// <summary>A relay can make a device begin another stream by a word; it loses nothing in silence by that.</summary>
    [Fact]
    public async Task Where_a_relay_only_claims_that_a_store_was_put_back_the_first_messages_of_the_new_stream_are_missed_as_any_others()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        bool lies = false;
        world.Through = relay => TwistedRelay.Around(relay, (call, beneath) => call.Name == nameof(IE2ERelay.ReceiveAsync) && lies
            ? LieAsync((Task<MailboxPage>)beneath()!)
            : beneath());
        await alice.RestartAsync();
        await alice.SyncAsync();
        lies = true;
        await alice.SyncAsync();
        lies = false;
        Assert.Single(alice.Seen.OfType<StoreRolledBack>());

        await LoseAsync(world, alice, bob, _ => alice.SayAsync("bob", "the first of the new stream"));
        await LoseAsync(world, alice, bob, _ => alice.SayAsync("bob", "the second"));
        await alice.SayAsync("bob", "here");
        await world.SettleAsync();
        Assert.Equal(["one", "here"], bob.Texts);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.Equal(["one", "here", "the second", "the first of the new stream"], bob.Texts);

        static async Task<MailboxPage> LieAsync(Task<MailboxPage> honest) =>
            await honest is var page ? new MailboxPage(page.Items, page.HighestStoreRevision + 1000) : null!;
    }

    [Fact]
    public async Task The_last_of_a_stream_that_has_ended_and_the_first_of_the_next_one_are_missed_too()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        await LoseAsync(world, alice, bob, _ => alice.SayAsync("bob", "the last of the first stream"));
        InMemoryStore copy = await CopyAsync(alice);
        await alice.SyncAsync();
        await LoseAsync(world, alice, bob, _ => alice.SayAsync("bob", "said after the copy, and nowhere any more"));
        await alice.RestoreAsync(copy);
        await LoseAsync(world, alice, bob, _ => alice.SayAsync("bob", "while nobody knows"));
        Assert.Single(alice.Seen.OfType<StoreRolledBack>());
        await LoseAsync(world, alice, bob, _ => alice.SayAsync("bob", "the first of the new stream"));

        await alice.SayAsync("bob", "here");
        await world.SettleAsync();
        Assert.Equal(["one", "here"], bob.Texts);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.Equal(
            ["here", "one", "the first of the new stream", "the last of the first stream", "while nobody knows"], bob.Texts.Order());
        Assert.DoesNotContain(bob.Seen, e => e is MessagesMissing { IsLost: true });
    }

    /// <summary>What is written after a start and before the relay has answered has a stream of its own, of which something is kept for as long
    /// as the recipient is away.</summary>
    [Fact]
    public async Task A_message_to_somebody_who_is_away_costs_no_more_for_each_start_of_the_device_before_it()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        bob.IsActive = false;
        int before = 0;
        for (int start = 0; start < 30; start++)
        {
            before = world.Relay.Delivered.Count;
            await alice.RestartAsync();
            await alice.SayAsync("bob", $"start {start}");
            await alice.SyncAsync();
        }

        Assert.InRange(world.Relay.Delivered.Count - before, 1, 5);
        bob.IsActive = true;
        await world.SettleAsync();
        Assert.Equal(31, bob.Texts.Distinct().Count());
        Assert.Equal(31, bob.Texts.Count());
    }

    /// <summary>Each is told of a few at a time, and all of them by and by.</summary>
    [Fact]
    public async Task The_last_of_many_streams_that_have_ended_is_missed_all_the_same()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        for (int start = 0; start < 12; start++)
        {
            await alice.RestartAsync();
            await LoseAsync(world, alice, bob, _ => alice.SayAsync("bob", $"lost {start}"));
        }

        // Nothing that Bob says comes through, so that all of them stay.
        world.Relay.OnTheWay = (sender, envelope) => sender == bob.Address ? [] : [envelope];
        for (int i = 0; i < 40; i++)
        {
            await alice.SayAsync("bob", $"here {i}");
            await world.SettleAsync(1);
            world.Clock.Advance(TimeSpan.FromMinutes(2));
        }

        await world.SettleAsync();
        Assert.Equal(12UL, bob.Seen.OfType<MessagesMissing>().Aggregate(0UL, (sum, missing) => sum + missing.Count));
        world.Relay.OnTheWay = (_, envelope) => [envelope];
        world.Clock.Advance(TimeSpan.FromHours(4));
        await world.SettleAsync();
        Assert.Equal(Enumerable.Range(0, 12).Select(start => $"lost {start}").Order(), bob.Texts.Where(text => text.StartsWith("lost", StringComparison.Ordinal)).Order());
        Assert.DoesNotContain(bob.Seen, e => e is MessagesMissing { IsLost: true });
    }

    [Fact]
    public async Task That_a_store_was_put_back_shows_however_much_was_written_to_it_before_the_relay_was_asked()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        InMemoryStore copy = await CopyAsync(alice);
        await alice.SayAsync("bob", "two");
        await world.SettleAsync(2);
        await alice.RestoreAsync(copy);
        for (int i = 0; i < 30; i++)
        {
            await alice.SayAsync("bob", $"after {i}");
        }

        await alice.RestartAsync();
        await world.SettleAsync();
        Assert.Single(alice.Seen.OfType<StoreRolledBack>());
        await alice.SayAsync("bob", "here");
        await world.SettleAsync();
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.Equal(["here", "one", "two", .. Enumerable.Range(0, 30).Select(i => $"after {i}")], bob.Texts.OrderBy(
            text => text.StartsWith("after ", StringComparison.Ordinal) ? int.Parse(text[6..], CultureInfo.InvariantCulture) : -1).ThenBy(text => text));
    }

    [Fact]
    public async Task An_ordinary_opening_costs_one_batch_its_first_answer_another_and_the_stream_goes_on()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        CrashingStore? store = null;
        await alice.RestartAsync(inner => store = new CrashingStore(inner));
        ClientCore core = (await alice.Client.OpenAsync(default)).Core;
        Assert.Equal(1, store!.Writes);
        Assert.NotNull(core.OpenedAt);
        await (await alice.Client.OpenAsync(default)).Receiver.ReceiveAsync(TimeSpan.Zero, default, default);
        Assert.Equal(2, store.Writes);
        Assert.Null(core.OpenedAt);
        await alice.SayAsync("bob", "two");
        await world.SettleAsync();
        Assert.False(core.HasOtherStreams);
        Assert.Equal([1UL, 2UL], bob.Messages.Select(message => message.Sealed.Number));
        Assert.Single(bob.Messages.Select(message => message.Sealed.Stream).Distinct());
    }

    [Fact]
    public async Task A_copied_store_that_runs_beside_the_original_is_noticed_and_no_cipher_key_is_used_twice()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await bob.SayAsync("alice", "two");
        await world.SettleAsync();
        await using var clone = new E2EClient(
            bob.Store.Copy(), world.Relay.Connect(bob.Address), MasterKeys.Of(bob.Key), new E2EClientOptions { Device = bob.Address, SendsByItself = false }, world.Clock);
        for (int i = 0; i < 3; i++)
        {
            await bob.SayAsync("alice", $"original {i}");
            await clone.SendAsync("alice", MessageContent.Text($"copy {i}"));
            await bob.SyncAsync();
            await clone.SynchronizeAsync();
            await alice.SyncAsync();
            world.Clock.Advance(TimeSpan.FromMinutes(2));
        }

        await world.SettleAsync();
        IReadOnlyList<E2EEvent> told = await clone.PeekAsync(100, default);
        Assert.Contains(bob.Seen.Concat(told), e => e is StoreRolledBack);
        Assert.Equal(world.Relay.Delivered.Count, world.Relay.Delivered.Select(item => Nonces.Of(item.Envelope)).Distinct().Count());
        await bob.SayAsync("alice", "still here");
        await world.SettleAsync();
        Assert.Contains("still here", alice.Texts);
    }

    [Fact]
    public async Task Resending_is_refused_to_another_device_that_came_under_the_same_name()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member tablet = await world.LinkAsync(bob, "tablet");
        await tablet.Client.AcceptAsync("alice");
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        world.Relay.OnTheWay = (_, envelope) => envelope.Recipient == tablet.Address ? [] : [envelope];
        await alice.SayAsync("bob", "for the tablet that was");
        await world.SettleAsync(2);
        world.Relay.OnTheWay = (_, envelope) => [envelope];

        // The account's owner trusts the new device; what was said before it came was not for it.
        await tablet.LoseAsync();
        await bob.Client.RemoveDeviceAsync("tablet");
        await world.LinkAsync(bob, tablet);
        await tablet.Client.AcceptAsync("alice");
        tablet.Seen.Clear();
        world.Clock.Advance(TimeSpan.FromHours(2));
        await tablet.SayAsync("alice", "here I am");
        await world.SettleAsync();
        Engine engine = await alice.Client.OpenAsync(default);
        await AskAsync(tablet, alice, new ResendNames(engine.Core.StreamId, [new NumberRange(1, 2)], []), "bob");
        await world.SettleAsync();
        Assert.DoesNotContain("for the tablet that was", tablet.Texts);
        Assert.Contains("for the tablet that was", bob.Texts);
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
    public async Task However_many_messages_are_lost_before_anybody_has_answered_the_next_one_begins_a_session_at_once()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        bool isLosing = true;
        world.Relay.OnTheWay = (_, envelope) => isLosing && envelope.Recipient == bob.Address ? [] : [envelope];
        int claims = world.Relay.Claims;
        for (int i = 0; i < RatchetLimits.MaxSkippedBeforeSession + 500; i++)
        {
            await alice.SayAsync("bob", "lost");
            if (i % 200 == 0)
            {
                await alice.SyncAsync();
            }
        }

        await alice.SyncAsync();
        isLosing = false;
        await alice.SayAsync("bob", "here");
        await alice.SyncAsync();
        await bob.SyncAsync();
        Assert.Contains("here", bob.Texts);
        Assert.DoesNotContain(bob.Seen, e => e is MessageUnreadable);
        Assert.InRange(world.Relay.Claims - claims, 3, 4); // a session for each thousand
    }

    [Fact]
    public async Task A_second_client_on_the_same_store_is_kept_out()
    {
        await using var world = new World();
        (Member alice, _) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await using var second = new E2EClient(
            alice.Store, world.Relay.Connect(alice.Address), MasterKeys.Of(alice.Key), new E2EClientOptions { Device = alice.Address }, world.Clock);
        E2EException refused = await Assert.ThrowsAsync<E2EException>(() => second.SendAsync("bob", MessageContent.Text("two")));
        Assert.Equal(E2EError.StoreInUse, refused.Reason);
        await alice.SayAsync("bob", "three");
    }

    [Fact]
    public async Task A_poisonous_message_is_an_event_and_the_next_one_is_read()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        Func<byte[]> newId = await EnvelopeIdsAsync(alice, bob);
        OutgoingEnvelope Junk(params byte[] content) => new(bob.Address, newId(), content);
        world.Relay.Put(alice.Address, Junk());
        world.Relay.Put(alice.Address, Junk(1));
        world.Relay.Put(alice.Address, Junk(9, 9, 9));
        world.Relay.Put(alice.Address, Junk([1, 1, .. new byte[200_000]]));
        world.Relay.Put(alice.Address, Junk([1, 1, 1, 1, .. new byte[300]]));
        world.Relay.Put(alice.Address, Junk([1, 1, 1, 2, .. new byte[3000]]));
        world.Relay.Put(new DeviceAddress("alice", "unknown"), Junk(1, 1, 1, 1, 5));
        world.Relay.Put(new DeviceAddress("nobody", "phone"), Junk(1, 1, 1, 1, 5));
        world.Relay.Put(bob.Address, Junk(1, 1, 1, 1, 5));
        world.Relay.Put(alice.Address, Junk(1, 1), MailboxItemKind.GroupMessage);
        world.Relay.Put(alice.Address, Junk(1, 1), (MailboxItemKind)77);

        // What looks as if it were for another device's keys is none's loss here.
        world.Relay.Put(alice.Address, Junk([1, 1, 1, 1, .. new byte[300]]) with { Id = new byte[SealedEnvelope.IdSize] });
        await alice.Client.SendAsync("bob", new UnknownContent(77, "future"u8));
        await alice.SayAsync("bob", "two");
        await world.SettleAsync();
        Assert.Equal(["one", "two"], bob.Texts);
        Assert.Equal(77, Assert.Single(bob.Messages.Select(message => message.Content).OfType<UnknownContent>()).TypeNumber);
        Assert.Equal(11, bob.Seen.OfType<MessageUnreadable>().Count());
        Assert.Empty(await world.Relay.MailboxOfAsync(bob.Address));
    }

    [Fact]
    public async Task A_flood_of_forgeries_costs_a_bounded_number_of_handshakes_and_locks_nobody_out()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        int claims = world.Relay.Claims;
        Func<byte[]> newId = await EnvelopeIdsAsync(alice, bob);
        for (int i = 0; i < 600; i++)
        {
            world.Relay.Put(alice.Address, new(bob.Address, newId(), new byte[] { 1, 1, 1, 1 }.Concat(new byte[200]).ToArray()));
        }

        await alice.SayAsync("bob", "two");
        for (int round = 0; round < 2 * PeerRecord.MaxRepairs; round++)
        {
            world.Relay.Put(alice.Address, new(bob.Address, newId(), new byte[] { 1, 1, 1, 1 }.Concat(new byte[200]).ToArray()));
            await world.SettleAsync(1);
        }

        Assert.InRange(world.Relay.Claims - claims, 0, PeerRecord.MaxRepairs);
        Assert.Contains("two", bob.Texts);
        await alice.SayAsync("bob", "three");
        await bob.SayAsync("alice", "four");
        await world.SettleAsync();
        Assert.Contains("three", bob.Texts);
        Assert.Contains("four", alice.Texts);
    }

    [Fact]
    public async Task Resend_requests_of_strangers_for_others_messages_and_in_loops_get_nothing()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member carol = await world.SignUpAsync("carol");
        await alice.Client.AcceptAsync("carol");
        await carol.Client.AcceptAsync("alice");
        await carol.SayAsync("alice", "hi");
        await bob.SayAsync("alice", "hi");
        await world.SettleAsync();
        bob.IsActive = false;
        await alice.SayAsync("bob", "for bob alone");
        await alice.SyncAsync();
        MessageId stolen = new(world.Relay.Delivered.Last(item => item.Envelope.Recipient == bob.Address).Envelope.Id.Span);
        Engine engine = await alice.Client.OpenAsync(default);

        // Carol, an honest contact with a session, asks for Bob's message by its envelope, and by its number.
        int before = Count(world, alice, carol);
        await AskAsync(carol, alice, new ResendNames(engine.Core.StreamId, [], [stolen]), "carol");
        await AskAsync(carol, alice, new ResendNames(engine.Core.StreamId, [new NumberRange(1, 100)], []), "carol");
        await world.SettleAsync();
        Assert.Equal(["hi"], alice.Texts.Distinct());
        Assert.Empty(carol.Texts);
        Assert.Equal(before + 2, Count(world, alice, carol));

        // Bob asks for what is his, again and again: a few times, then no more.
        bob.IsActive = true;
        for (int i = 0; i < 10; i++)
        {
            MessageId newest = new(world.Relay.Delivered.Last(item => item.Envelope.Recipient == bob.Address).Envelope.Id.Span);
            await AskAsync(bob, alice, new ResendNames(engine.Core.StreamId, [new NumberRange(1, 1)], [newest]), "bob");
            await alice.SyncAsync();
        }

        await world.SettleAsync();
        Assert.Equal(["for bob alone"], bob.Texts);
        Assert.InRange(Count(world, alice, bob), 1, 30);
    }

    [Fact]
    public async Task Nothing_is_sent_again_to_a_changed_account_key_that_nobody_has_accepted()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "hi");
        await world.SettleAsync();
        world.Relay.OnTheWay = (_, envelope) => envelope.Recipient == bob.Address ? [] : [envelope];
        await alice.SayAsync("bob", "secret");
        await alice.SyncAsync();
        world.Relay.OnTheWay = (_, envelope) => [envelope];

        // The 2017 attack: a new account under the contact's name asks for what did not arrive.
        await bob.LoseAsync();
        (await bob.Client.ResetAccountAsync()).Dispose();
        await bob.Client.AcceptAsync("alice");
        world.Clock.Advance(TimeSpan.FromHours(2));
        await bob.SayAsync("alice", "it is me");
        await world.SettleAsync();
        Assert.Contains(alice.Seen, e => e is AccountKeyChanged);
        Engine engine = await alice.Client.OpenAsync(default);
        await AskAsync(bob, alice, new ResendNames(engine.Core.StreamId, [new NumberRange(1, 2)], []), "bob");
        await world.SettleAsync();
        Assert.DoesNotContain("secret", bob.Texts);

        // Accepted, the account is still another one than the message was for.
        await alice.Client.AcceptAccountKeyAsync(alice.Seen.OfType<AccountKeyChanged>().Last());
        await AskAsync(bob, alice, new ResendNames(engine.Core.StreamId, [new NumberRange(1, 2)], []), "bob");
        await world.SettleAsync();
        Assert.DoesNotContain("secret", bob.Texts);
    }

    [Fact]
    public async Task A_message_presented_under_another_sender_recipient_or_id_is_refused()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member carol = await world.SignUpAsync("carol");
        await bob.Client.AcceptAsync("carol");
        await carol.SayAsync("bob", "hello");
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        await alice.SayAsync("bob", "two");
        OutgoingEnvelope envelope = Assert.Single(await alice.Client.GetOutboxAsync(10));
        world.Relay.Put(carol.Address, envelope);
        world.Relay.Put(alice.Address, envelope with { Id = (await EnvelopeIdsAsync(alice, bob))() });
        world.Relay.Put(alice.Address, envelope with { Recipient = carol.Address });
        await bob.SyncAsync();
        await carol.SyncAsync();
        Assert.Equal(["hello", "one"], bob.Texts.Order());
        Assert.Empty(carol.Texts);
        Assert.Equal(2, bob.Seen.OfType<MessageUnreadable>().Count());
        await world.SettleAsync();
        Assert.Equal(1, bob.Texts.Count(text => text == "two"));
    }

    [Fact]
    public async Task A_content_for_a_conversation_of_others_is_refused()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        Engine engine = await alice.Client.OpenAsync(default);
        byte[] text = MessageContent.Text("forged").EncodeBody();
        foreach ((ConversationName name, DeviceAddress sender) in new[]
        {
            (ConversationName.Direct("carol", "bob"), alice.Address),
            (ConversationName.Direct("alice", "carol"), alice.Address),
            (ConversationName.Pulse("alice"u8), alice.Address),
            (ConversationName.Direct("alice", "bob"), new DeviceAddress("carol", "phone")),
            (ConversationName.Direct("alice", "bob"), bob.Address),
        })
        {
            var draft = new Draft(new StreamName(sender, engine.Core.StreamId, name), 1, world.Clock.GetUtcNow(), ContentType.Text, text);
            await SealAsync(alice, bob, draft);
        }

        await world.SettleAsync();
        Assert.Equal(["one"], bob.Texts);
        Assert.Equal(5, bob.Seen.OfType<MessageUnreadable>().Count(e => e.Reason == E2EError.WrongIdentity));
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
    public async Task A_relay_that_hangs_holds_up_nobody_who_does_not_need_it()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await bob.SayAsync("alice", "two");
        await world.SettleAsync();
        await bob.SayAsync("alice", "three");
        await bob.SyncAsync();
        await alice.Client.SynchronizeAsync();
        var hanging = new TaskCompletionSource();
        world.Relay.Before = (caller, _) => caller == alice.Address ? hanging.Task : Task.CompletedTask;
        using var stop = new CancellationTokenSource();
        await alice.SayAsync("bob", "waits");
        Task stuck = alice.Client.SynchronizeAsync(stop.Token);
        Assert.False(stuck.IsCompleted);

        // With the relay hanging in the middle of a round: messages are taken, and events are handed over.
        await alice.SayAsync("bob", "waits, too");
        await alice.Client.BlockAsync("bob");
        await alice.Client.AcceptAsync("bob");
        await alice.TakeEventsAsync();
        Assert.Contains("three", alice.Texts);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stuck);
        world.Relay.Before = (_, _) => Task.CompletedTask;
        await world.SettleAsync();
        Assert.Equal(["one", "waits", "waits, too"], bob.Texts);
    }

    [Fact]
    public async Task A_wrong_master_key_is_an_error_and_overwrites_nothing()
    {
        await using var world = new World();
        (Member alice, _) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await alice.Client.DisposeAsync();
        using MasterKey wrong = MasterKey.Generate();
        await using (var client = new E2EClient(
            alice.Store, world.Relay.Connect(alice.Address), MasterKeys.Of(wrong), new E2EClientOptions { Device = alice.Address }, world.Clock))
        {
            E2EException refused = await Assert.ThrowsAsync<E2EException>(() => client.SendAsync("bob", MessageContent.Text("two")));
            Assert.Equal(E2EError.WrongMasterKey, refused.Reason);
        }

        await alice.RestartAsync();
        await alice.SayAsync("bob", "two");
    }

    [Fact]
    public async Task A_signal_comes_to_whoever_has_a_session_and_is_kept_nowhere()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        await alice.Client.SignalAsync("bob", Signal.Typing);
        var waiting = new TaskCompletionSource();
        world.Relay.OnWaiting = _ => waiting.TrySetResult();
        await using IAsyncEnumerator<E2EEvent> events = bob.Client.ReadEventsAsync().GetAsyncEnumerator();
        Task<bool> next = events.MoveNextAsync().AsTask();
        await waiting.Task;
        await alice.Client.SignalAsync("bob", new Signal("recording"));
        Assert.True(await next);
        Assert.Equal("recording", Assert.IsType<SignalReceived>(events.Current).Signal.Name);

        Assert.Empty(await bob.Client.PeekAsync(10, default));
        await alice.SayAsync("bob", "two");
        await world.SettleAsync();
        Assert.Equal(["one", "two"], bob.Texts);
    }

    /// <summary>Every order of some steps of one and some of the other.</summary>
    private static IEnumerable<int[]> Interleavings(int first, int second)
    {
        for (int bits = 0; bits < 1 << (first + second); bits++)
        {
            int[] order = [.. Enumerable.Range(0, first + second).Select(i => (bits >> i) & 1)];
            if (order.Sum() == second)
            {
                yield return order;
            }
        }
    }

    private static async Task<SessionId> ActiveAsync(Member of, Member with)
    {
        Engine engine = await of.Client.OpenAsync(default);
        OpenedRecord? record = await engine.Core.Store.ReadAsync(RecordKey.Peers, RecordKey.Of(with.Address));
        return PeerRecord.Decode(record!.Value).Book.Active!.Id;
    }

    /// <summary>Draws ids of envelopes by one device for another.</summary>
    private static async Task<Func<byte[]>> EnvelopeIdsAsync(Member from, Member to)
    {
        X25519PublicKey sender = (await from.Client.OpenAsync(default)).Core.Identity.Certificate.IdentityKey;
        X25519PublicKey recipient = (await to.Client.OpenAsync(default)).Core.Identity.Certificate.IdentityKey;
        return () => EnvelopeId.New(sender, recipient).ToArray();
    }

    /// <summary>Alice and Bob; her store was put back to what it was before she said two and three, and the relay was not asked since.</summary>
    private static async Task<(Member Alice, Member Bob)> PutBackBehindTwoAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        InMemoryStore copy = await CopyAsync(alice);
        await alice.SayAsync("bob", "two");
        await alice.SayAsync("bob", "three");
        await world.SettleAsync();
        await alice.RestoreAsync(copy);
        return (alice, bob);
    }

    private static async Task<InMemoryStore> CopyAsync(Member member)
    {
        await member.Client.DisposeAsync();
        InMemoryStore copy = member.Store.Copy();
        await member.RestartAsync();
        return copy;
    }

    /// <summary>What somebody sends to somebody meanwhile is lost on the way; the sender takes it for delivered.</summary>
    private static async Task LoseAsync(World world, Member from, Member to, Func<CancellationToken, Task> act)
    {
        world.Relay.OnTheWay = (sender, envelope) => sender == from.Address && envelope.Recipient == to.Address ? [] : [envelope];
        await act(default);
        await from.SyncAsync();
        world.Relay.OnTheWay = (_, envelope) => [envelope];
    }

    private static int Count(World world, Member from, Member to) =>
        world.Relay.Delivered.Count(item => item.Sender == from.Address && item.Envelope.Recipient == to.Address);
}
