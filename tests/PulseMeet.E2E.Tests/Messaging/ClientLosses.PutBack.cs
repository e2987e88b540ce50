using System.Globalization;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Tests.Messaging;

/// <content>What is missed, and what is not, where a store was put back, or a relay says so.</content>
public sealed partial class ClientLosses
{
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
}
