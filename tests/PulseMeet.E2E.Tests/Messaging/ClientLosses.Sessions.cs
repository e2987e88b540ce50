using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <content>Sessions that begin at once, again, or never get an answer.</content>
public sealed partial class ClientLosses
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
}
