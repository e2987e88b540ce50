using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Attack 43, the outbox: what waits for a relay that is away, or for a mailbox that is full, is bounded; nobody else is held up, and
/// nothing of it is lost.</summary>
public sealed class TheOutboxIsBounded
{
    private const int Bound = WaitingEnvelopes.MaxForMessages;

    [Fact]
    public async Task Beyond_what_may_wait_sealed_and_unsealed_sending_fails_to_that_user_alone_and_all_that_waited_arrives_in_its_order()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member carol = await world.SignUpAsync("carol");
        await carol.Client.AcceptAsync("alice");
        await alice.SayAsync("bob", "hello");
        await alice.SayAsync("carol", "hello");
        await world.SettleAsync();
        world.Relay.Before = (caller, _) => caller == alice.Address ? throw new IOException("No network.") : Task.CompletedTask;
        int taken = Bound + Conversations.MaxWaiting;
        for (int i = 0; i < taken; i++)
        {
            await alice.SayAsync("bob", $"{i}");
            if (i == Bound - 1)
            {
                await alice.RestartAsync();
            }
        }

        Assert.Equal(E2EError.LimitExceeded, (await Assert.ThrowsAsync<E2EException>(() => alice.SayAsync("bob", "one more"))).Reason);
        await alice.SayAsync("carol", "still");

        Assert.Equal(Bound, await CountAsync(alice, RecordKey.Outbox) - 1);

        world.Relay.Before = (_, _) => Task.CompletedTask;
        await world.SettleAsync();
        Assert.Equal(Enumerable.Range(0, taken).Select(i => $"{i}").Prepend("hello"), bob.Texts);
        Assert.Equal(["hello", "still"], carol.Texts);
        Assert.Equal(0, await CountAsync(alice, RecordKey.Outbox));
        await alice.SayAsync("bob", "one more");
    }

    /// <summary>The phone goes on; the tablet hears by the numbers what it has missed, and asks for it.</summary>
    [Fact]
    public async Task A_device_whose_mailbox_is_full_holds_up_neither_the_others_of_its_user_nor_the_sender_and_misses_nothing_in_the_end()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member tablet = await world.LinkAsync(bob, "tablet");
        await alice.SayAsync("bob", "hello");
        await world.SettleAsync();
        tablet.IsActive = false;
        world.Relay.IsFull = device => device == tablet.Address;
        for (int i = 0; i < Bound + 20; i++)
        {
            await alice.SayAsync("bob", $"{i}");
            if (i % 100 == 0)
            {
                await world.SettleAsync(1);
            }
        }

        await world.SettleAsync();
        string[] all = [.. Enumerable.Range(0, Bound + 20).Select(i => $"{i}").Prepend("hello")];
        Assert.Equal(all, bob.Texts);
        Assert.Equal(Bound, await CountAsync(alice, RecordKey.Outbox));

        world.Relay.IsFull = _ => false;
        tablet.IsActive = true;
        await world.SettleAsync();
        for (int i = 0; i < 3; i++)
        {
            world.Clock.Advance(TimeSpan.FromMinutes(2));
            await world.SettleAsync(3);
        }

        Assert.Equal(all.Order(), tablet.Texts.Order());
        Assert.DoesNotContain(tablet.Seen.OfType<MessagesMissing>(), missing => missing.IsLost);
        Assert.Equal(0, await CountAsync(alice, RecordKey.Outbox));
    }

    /// <summary>Each page that comes from him is answered by what has arrived; the app brings what comes, and takes nothing to the relay.</summary>
    [Fact]
    public async Task A_contact_who_writes_and_writes_makes_no_outbox_grow_without_end()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "hello");
        await world.SettleAsync();
        for (int i = 0; i < WaitingEnvelopes.Max + 50; i++)
        {
            await bob.SayAsync("alice", $"{i}");
            await bob.Client.SynchronizeAsync();
            IReadOnlyList<MailboxItem> items = await world.Relay.MailboxOfAsync(alice.Address);
            await alice.Client.PushAsync(items);
            await alice.TakeEventsAsync();
            await world.Relay.Connect(alice.Address).AcknowledgeAsync([.. items.Select(item => item.Id)]);
        }

        Assert.Equal(WaitingEnvelopes.Max, await CountAsync(alice, RecordKey.Outbox));
        Assert.Equal(WaitingEnvelopes.Max + 50, alice.Texts.Count());
        Assert.Empty(alice.Seen.OfType<MessagesMissing>());

        await world.SettleAsync();
        await alice.SayAsync("bob", "at last");
        await world.SettleAsync();
        Assert.Equal(["hello", "at last"], bob.Texts);
        Assert.Equal(0, await CountAsync(alice, RecordKey.Outbox));
    }

    [Fact]
    public async Task An_app_that_carries_its_envelopes_itself_is_given_those_for_full_mailboxes_after_all_others()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member carol = await world.SignUpAsync("carol");
        await carol.Client.AcceptAsync("alice");
        await alice.SayAsync("bob", "hello");
        await alice.SayAsync("carol", "hello");
        await world.SettleAsync();
        for (int i = 0; i < 30; i++)
        {
            await alice.SayAsync("bob", $"{i}");
        }

        await alice.SayAsync("carol", "still");
        IReadOnlyList<OutgoingEnvelope> first = await alice.Client.GetOutboxAsync(10);
        Assert.All(first, envelope => Assert.Equal(bob.Address, envelope.Recipient));
        await alice.Client.ConfirmOutboxAsync([.. first.Select(envelope => (envelope, DeliveryOutcome.MailboxFull))]);

        IReadOnlyList<OutgoingEnvelope> next = await alice.Client.GetOutboxAsync(10);
        Assert.Equal(10, next.Count);
        Assert.Equal(carol.Address, next[0].Recipient);
        Assert.Equal(first.Take(9).Select(Id), next.Skip(1).Select(Id));

        await alice.Client.ConfirmOutboxAsync([.. next.Select(envelope => (envelope, DeliveryOutcome.Accepted))]);
        Assert.Equal(21, (await alice.Client.GetOutboxAsync(100)).Count);
        static string Id(OutgoingEnvelope envelope) => Convert.ToHexString(envelope.Id.Span);
    }

    [Fact]
    public async Task Beyond_what_may_wait_of_a_chat_sending_fails_and_all_that_waited_arrives_in_its_order()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        await pulse.SendAsync(MessageContent.Text("hello"));
        await world.SettleAsync(2);
        world.Relay.Before = (caller, _) => caller == alice.Address ? throw new IOException("No network.") : Task.CompletedTask;
        for (int i = 0; i < PulseMessages.MaxWaiting; i++)
        {
            await pulse.SendAsync(MessageContent.Text($"{i}"));
        }

        Assert.Equal(
            E2EError.LimitExceeded,
            (await Assert.ThrowsAsync<E2EException>(() => pulse.SendAsync(MessageContent.Text("one more")))).Reason);
        Assert.Equal(
            PulseMessages.MaxWaiting, await CountAsync(alice, RecordKey.PulseOutbox) + await CountAsync(alice, RecordKey.PulsePending));

        world.Relay.Before = (_, _) => Task.CompletedTask;
        await world.SettleAsync();
        Assert.Equal(Enumerable.Range(0, PulseMessages.MaxWaiting).Select(i => $"{i}").Prepend("hello"), bob.PulseTexts(pulse.Id));
        await pulse.SendAsync(MessageContent.Text("one more"));
    }

    /// <summary>The first thing that a client does after its start is to deliver what waited: none of it waits any more.</summary>
    [Fact]
    public async Task What_was_delivered_before_anything_else_was_done_takes_no_room()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "hello");
        await world.SettleAsync();
        for (int i = 0; i < 20; i++)
        {
            await alice.SayAsync("bob", $"{i}");
        }

        await alice.RestartAsync();
        IReadOnlyList<OutgoingEnvelope> waiting = await alice.Client.GetOutboxAsync(100);
        await alice.Client.ConfirmOutboxAsync([.. waiting.Select(envelope => (envelope, DeliveryOutcome.Accepted))]);
        await alice.SayAsync("bob", "next");
        ClientCore core = (await alice.Client.OpenAsync(default)).Core;
        Assert.True(core.Waiting.IsRoomFor(bob.Address, Bound - 2, isMessage: true));
        Assert.False(core.Waiting.IsRoomFor(bob.Address, Bound - 1, isMessage: true));
    }

    [Fact]
    public async Task An_envelope_that_cannot_be_read_any_more_keeps_nobody_from_writing()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "hello");
        await world.SettleAsync();
        ClientCore core = (await alice.Client.OpenAsync(default)).Core;
        await core.Store.CommitAsync(new StoreBatch().Put(RecordKey.Outbox, RecordKey.Of(core.Sequence.Next()), new byte[] { 99 }));
        await alice.RestartAsync();
        await alice.SayAsync("bob", "still");
        Assert.Equal(2, await CountAsync(alice, RecordKey.Outbox));
        Assert.Equal(E2EError.UnsupportedVersion, (await Assert.ThrowsAsync<E2EException>(() => alice.Client.SynchronizeAsync())).Reason);
    }

    private static async Task<int> CountAsync(Member member, byte table)
    {
        ClientCore core = (await member.Client.OpenAsync(default)).Core;
        return (await core.Store.ScanKeysAsync(table, default, default, 10_000, key => !core.Leftovers.Contains(table, key.Span))).Count;
    }
}
