using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Testing;
using static PulseMeet.E2E.Tests.Messaging.HostileDevice;

namespace PulseMeet.E2E.Tests.Messaging;

/// <content>What a peer or a relay tries that does not keep to the protocol.</content>
public sealed partial class ClientLosses
{
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

    /// <summary>Draws ids of envelopes by one device for another.</summary>
    private static async Task<Func<byte[]>> EnvelopeIdsAsync(Member from, Member to)
    {
        X25519PublicKey sender = (await from.Client.OpenAsync(default)).Core.Identity.Certificate.IdentityKey;
        X25519PublicKey recipient = (await to.Client.OpenAsync(default)).Core.Identity.Certificate.IdentityKey;
        return () => EnvelopeId.New(sender, recipient).ToArray();
    }
}
