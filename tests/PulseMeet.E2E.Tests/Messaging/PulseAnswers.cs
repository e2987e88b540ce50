using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What a device of a chat says, asks and answers, beside members who are hostile and a relay that fails: bounded, and to nobody
/// who may not have it.</summary>
public sealed class PulseAnswers
{
    [Fact]
    public async Task Two_devices_that_do_not_know_whether_they_are_in_do_not_ask_each_other_for_ever()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        await world.SettleAsync(1);
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(4);
        foreach ((Member one, Member other) in new[] { (alice, bob), (bob, alice) })
        {
            await one.ChangeAsync(pulse.Id, record =>
            {
                record.IsProvisional = true;
                record.ToTell.Add(other.Address);
            });
        }

        await world.SettleAsync(3);
        int said = world.Relay.Delivered.Count;
        await world.SettleAsync(8);
        Assert.Equal(said, world.Relay.Delivered.Count);
    }

    [Fact]
    public async Task A_member_who_asks_without_end_is_answered_a_few_times()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        await world.SettleAsync(2);
        int before = Count(world, alice, bob);
        for (int i = 0; i < 12; i++)
        {
            await bob.SayToAsync(alice, pulse.Id, ContentType.PulseLine, group => new PulseLine(PulseLine.Asks, 0, group.Statement()).Encode());
            await bob.SyncAsync();
            await alice.SyncAsync();
            await alice.SyncAsync();
        }

        Assert.InRange(Count(world, alice, bob) - before, 1, 4);
    }

    /// <summary>The relay withholds the commit that removes Carol, who asks for what Alice has written since.</summary>
    [Fact]
    public async Task What_waits_until_somebody_is_out_is_not_said_to_him_when_he_asks_for_it()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await alice.TellAsync(pulse.Id, "to all");
        await world.SettleAsync(3);
        world.Relay.Before = (caller, call) => caller == alice.Address && call == "offer"
            ? Task.FromException(new E2EException(E2EError.NotAllowed)) : Task.CompletedTask;
        Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(() => pulse.RemoveAsync("carol"))).Reason);
        await alice.TellAsync(pulse.Id, "not for carol");
        MessageId stream = carol.Seen.OfType<PulseMessageReceived>().Single().Sealed.Stream.StreamId;
        int before = Count(world, alice, carol);
        await carol.SayToAsync(
            alice, pulse.Id, ContentType.ResendRequest, _ => new ResendNames(stream, [new NumberRange(2, 2)], []).Encode());
        for (int i = 0; i < 3; i++)
        {
            await carol.SyncAsync();
            await alice.SyncAsync();
        }

        // Neither the message, nor that there will be none.
        Assert.Equal(before, Count(world, alice, carol));
        world.Relay.Before = (_, _) => Task.CompletedTask;
        await world.SettleAsync(4);
        Assert.Equal(["to all", "not for carol"], bob.PulseTexts(pulse.Id));
        Assert.Equal(["to all"], carol.PulseTexts(pulse.Id));
    }

    [Fact]
    public async Task A_message_that_cannot_be_said_again_now_is_not_lost_and_comes_when_it_is_asked_for_again()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        bool isLosing = false;
        HashSet<string> lost = [];
        world.Relay.OnPage = (caller, items) =>
        {
            if (isLosing && caller == bob.Address)
            {
                lost.UnionWith(items.Where(item => item.Kind == MailboxItemKind.GroupMessage).Select(item => Convert.ToHexString(item.EnvelopeId.Span)));
            }

            return caller != bob.Address ? items : [.. items.Where(item => !lost.Contains(Convert.ToHexString(item.EnvelopeId.Span)))];
        };
        await alice.TellAsync(pulse.Id, "one");
        await world.SettleAsync(2);
        isLosing = true;
        await alice.TellAsync(pulse.Id, "two");
        await world.SettleAsync(2);
        isLosing = false;
        await alice.TellAsync(pulse.Id, "three");
        await world.SettleAsync(2);
        Engine engine = await alice.Client.OpenAsync(default);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await engine.Core.ChangeAsync([Gates.User("bob")], async work =>
        {
            PeerRecord peer = await work.PeerAsync(bob.Address);
            while (peer.TryAnswer(world.Clock.GetUtcNow()))
            {
            }
        }, default);
        await world.SettleAsync(4);
        Assert.Equal(["one", "three"], bob.PulseTexts(pulse.Id));
        Assert.DoesNotContain(bob.Seen.OfType<PulseMessagesMissing>(), missing => missing.IsLost);
        for (int hour = 0; hour < 3; hour++)
        {
            world.Clock.Advance(TimeSpan.FromHours(1));
            await world.SettleAsync(4);
        }

        Assert.Equal(["one", "three", "two"], bob.PulseTexts(pulse.Id));
    }

    /// <summary>Alice writes while the relay has no room for the change that adds Dave, and what she has written is lost on the way to him.</summary>
    [Fact]
    public async Task What_waits_until_somebody_is_in_is_missed_there_where_it_is_lost_and_comes()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        Member dave = await world.SignUpAsync("dave");
        await world.SettleAsync(1);
        await alice.TellAsync(pulse.Id, "not for dave");
        world.Relay.Before = (caller, call) => caller == alice.Address && call == "offer"
            ? Task.FromException(new E2EException(E2EError.NotAllowed)) : Task.CompletedTask;
        await Assert.ThrowsAsync<E2EException>(() => pulse.AddAsync("dave"));
        await alice.TellAsync(pulse.Id, "for dave, too");
        world.Relay.Before = (_, _) => Task.CompletedTask;
        world.Relay.OnPage = (caller, items) => caller != dave.Address ? items
            : [.. items.Where(item => item.Kind != MailboxItemKind.GroupMessage || world.Relay.GroupMessages.Count > 2)];
        await world.SettleAsync(4);
        Assert.Equal(["not for dave", "for dave, too"], bob.PulseTexts(pulse.Id));
        HashSet<string> lost = [.. world.Relay.GroupMessages.Select(told => Convert.ToHexString(told.Message.Id.Span))];
        world.Relay.OnPage = (caller, items) => caller != dave.Address ? items
            : [.. items.Where(item => !lost.Contains(Convert.ToHexString(item.EnvelopeId.Span)))];
        await alice.TellAsync(pulse.Id, "next");
        await world.SettleAsync(2);
        Assert.Equal(["next"], dave.PulseTexts(pulse.Id));
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(4);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        Assert.Equal(["next", "for dave, too"], dave.PulseTexts(pulse.Id));
    }

    /// <summary>The first thing that Carol ever says comes in an epoch that Bob could not follow: he was in the chat, and does not know her
    /// stream.</summary>
    [Fact]
    public async Task What_a_sender_said_first_while_a_device_could_not_follow_is_missed_there_and_comes()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        Member dave = await world.SignUpAsync("dave");
        await world.SettleAsync(1);
        bob.IsActive = false;
        await carol.TellAsync(pulse.Id, "one");
        await world.SettleAsync(2);
        await bob.ChangeAsync(pulse.Id, record => record.IsRejoinWanted = true);
        bob.IsActive = true;
        await world.SettleAsync(2);
        Assert.Empty(bob.PulseTexts(pulse.Id));
        await carol.TellAsync(pulse.Id, "two");
        await world.SettleAsync(5);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        Assert.Equal(["two", "one"], bob.PulseTexts(pulse.Id));

        // Whoever came in meanwhile misses nothing of it.
        await pulse.AddAsync("dave");
        await world.SettleAsync(2);
        await carol.TellAsync(pulse.Id, "three");
        await world.SettleAsync(2);
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(4);
        Assert.Equal(["three"], dave.PulseTexts(pulse.Id));
        Assert.DoesNotContain(dave.Seen, e => e is PulseMessagesMissing);
        Assert.Equal(["one", "two", "three"], alice.PulseTexts(pulse.Id));
    }

    [Fact]
    public async Task A_device_list_that_the_relay_refuses_keeps_no_chat_from_its_round()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, _, _) = await world.RooftopAsync();
        await alice.TellAsync(pulse.Id, "on its way");
        Engine engine = await alice.Client.OpenAsync(default);
        engine.Core.ListHints["bob"] = long.MaxValue;
        world.Relay.Before = (_, call) => call == "list" ? Task.FromException(new E2EException(E2EError.LimitExceeded)) : Task.CompletedTask;
        await engine.Pulses.RunAsync(default);
        Assert.Single(world.Relay.GroupMessages);
    }

    /// <summary>Attack 45 in a group: Bob's account comes back under another key while a message waits.</summary>
    [Fact]
    public async Task What_waits_is_not_sealed_for_a_changed_account_key_before_the_app_has_accepted_it()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await alice.Client.MarkVerifiedAsync("bob", await alice.Client.GetSafetyNumberAsync("bob"));
        await pulse.SetRoleAsync("carol", PulseRole.Admin);
        await world.SignUpAsync("dave");
        await world.SettleAsync(2);
        world.Relay.Before = (caller, call) => caller == alice.Address && call == "offer"
            ? Task.FromException(new E2EException(E2EError.NotAllowed)) : Task.CompletedTask;
        await Assert.ThrowsAsync<E2EException>(() => pulse.AddAsync("dave"));
        await alice.TellAsync(pulse.Id, "only for the bob I know");
        alice.IsActive = false;
        (await bob.Client.ResetAccountAsync()).Dispose();
        await world.SettleAsync(2);
        PulseChat carols = await carol.PulseAsync(pulse.Id);
        await carols.RemoveAsync("bob");
        await carols.AddAsync("bob");
        await world.SettleAsync(2);
        world.Relay.Before = (_, _) => Task.CompletedTask;
        alice.IsActive = true;
        world.Clock.Advance(TimeSpan.FromHours(2));
        await world.SettleAsync(4);
        Assert.NotNull((await carol.RosterAsync(pulse.Id)).Find("dave"));
        Assert.Empty(carol.PulseTexts(pulse.Id));
        Assert.Empty(bob.PulseTexts(pulse.Id));
        world.Clock.Advance(TimeSpan.FromHours(2));
        await world.SettleAsync(2);
        Assert.Empty(bob.PulseTexts(pulse.Id));
        await alice.Client.AcceptAccountKeyAsync(alice.Seen.OfType<AccountKeyChanged>().Last());
        await world.SettleAsync(3);
        Assert.Equal(["only for the bob I know"], carol.PulseTexts(pulse.Id));
        Assert.Equal(["only for the bob I know"], bob.PulseTexts(pulse.Id));
    }

    /// <summary>Carol commits with a key that the others have seen her use: nobody reads whose commit it is. Then she says that it was
    /// taken.</summary>
    [Fact]
    public async Task Nobody_goes_to_another_line_by_the_word_of_whoever_may_have_made_it()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        Engine engine = await carol.Client.OpenAsync(default);
        using PulseGroup copy = await engine.Core.ChangeAsync([Gates.Pulse(pulse.Id)], async work =>
        {
            PulseGroup group = (await work.PulseAsync(pulse.Id))!.Require();
            GroupDevice device = await work.GroupDeviceAsync();
            return PulseGroup.Deserialize(group.SerializeEpochs(), group.SerializeRatchets(), device, world.Clock);
        }, default);
        alice.IsActive = carol.IsActive = false;
        await (await carol.PulseAsync(pulse.Id)).LeaveAsync();
        await bob.SyncAsync();
        PreparedCommit commit = copy.Prepare(new UpdateIntent())!;
        await world.Relay.Connect(carol.Address).OfferCommitAsync(
            new GroupCommit(pulse.Id.ToArray(), commit.Epoch, new byte[16], commit.Commit, [], [], default, commit.Snapshot));
        await bob.SyncAsync();
        await bob.SyncAsync();
        copy.TakeCandidates([commit.Commit]);
        await carol.SayToAsync(bob, pulse.Id, ContentType.PulseLine, _ => new PulseLine(PulseLine.Says, 0, copy.Statement()).Encode());
        await engine.Pulses.Words.SayAsync(default);
        await engine.Outbox.SendAsync(default);
        await bob.SyncAsync();
        await bob.SyncAsync();
        Assert.Equal(carol.Address, Assert.Single(bob.Seen.OfType<PulseForkSuspected>()).With);
        Assert.DoesNotContain(bob.Seen, e => e is PulseRejoined or PulseStalled);
    }

    [Fact]
    public async Task A_request_to_leave_that_is_void_keeps_no_other_device_of_the_account_from_writing()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        Member tablet = await world.LinkAsync(bob, "tablet");
        await world.SettleAsync(1);
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        world.Relay.OnPage = (caller, items) => caller != alice.Address ? items
            : [.. items.Where(item => item.Kind != MailboxItemKind.GroupMessage || item.Sender != tablet.Address)];
        await (await tablet.PulseAsync(pulse.Id)).LeaveAsync();
        tablet.IsActive = false;
        await bob.SyncAsync();
        Assert.Equal(E2EError.NotAllowed, (await Assert.ThrowsAsync<E2EException>(() => bob.TellAsync(pulse.Id, "?"))).Reason);
        await bob.Client.RemoveDeviceAsync("tablet");
        world.Clock.Advance(TimeSpan.FromHours(2));
        await alice.SyncAsync();
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await alice.SyncAsync();
        Assert.Equal(["phone"], (await alice.RosterAsync(pulse.Id)).Find("bob")!.Devices);
        await bob.SyncAsync();
        await bob.SyncAsync();
        await bob.TellAsync(pulse.Id, "I am still here");
        await world.SettleAsync(2);
        Assert.Equal(["I am still here"], alice.PulseTexts(pulse.Id));
    }

    /// <summary>Attack 53: a device that its account has removed cannot open what comes for a chat, and the page has more.</summary>
    [Fact]
    public async Task What_cannot_be_opened_for_a_chat_is_an_event_and_the_direct_message_behind_it_is_read()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob", "desk");
        Member phone = await world.LinkAsync(bob, "phone");
        await bob.Client.AcceptAsync("alice");
        await alice.Client.AcceptAsync("bob");
        await world.SettleAsync(4);
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(3);
        phone.IsActive = false;
        await alice.TellAsync(pulse.Id, "to the chat");
        await alice.SayAsync("bob", "direct");
        await alice.SyncAsync();
        GroupMessage told = world.Relay.GroupMessages.Last().Message;
        OutgoingEnvelope said = world.Relay.Delivered.Last(delivered => delivered.Sender == alice.Address && delivered.Envelope.Recipient == phone.Address).Envelope;
        await bob.Client.RemoveDeviceAsync("phone");
        Engine engine = await phone.Client.OpenAsync(default);
        engine.Upkeep.WantList();
        await engine.Upkeep.RunAsync(default);
        await phone.Client.PushAsync(
        [
            new MailboxItem(0, MailboxItemKind.GroupMessage, alice.Address, pulse.Id.ToArray(), told.Id, world.Clock.GetUtcNow(), told.Content),
            new MailboxItem(0, MailboxItemKind.Envelope, alice.Address, default, said.Id, world.Clock.GetUtcNow(), said.Content),
        ]);
        await phone.TakeEventsAsync();
        Assert.Equal(E2EError.UnlistedDevice, Assert.Single(phone.Seen.OfType<MessageUnreadable>()).Reason);
        Assert.Equal(["direct"], phone.Texts);
    }

    /// <summary>A word between the devices of one account, said to a chat.</summary>
    [Fact]
    public async Task What_is_for_ones_own_devices_alone_is_passed_over_in_a_chat()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        var word = new ContactStanding("carol", Standing.Blocked, world.Clock.GetUtcNow(), new byte[32]);
        await (await bob.Client.OpenAsync(default)).Pulses.SendAsync(pulse.Id, new ContactStandingContent([word]), default);
        await bob.TellAsync(pulse.Id, "behind it");
        await world.SettleAsync(3);
        Assert.IsType<TextContent>(Assert.Single(alice.Seen.OfType<PulseMessageReceived>()).Content);
        world.AssertNothingIsLost();
    }

    /// <summary>One long message, asked for a thousand times an hour, would be as much as a thousand of them.</summary>
    [Fact]
    public async Task A_member_who_asks_for_one_message_without_end_is_given_it_a_few_times_a_day()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        await alice.TellAsync(pulse.Id, "one");
        await world.SettleAsync(3);
        MessageId stream = bob.Seen.OfType<PulseMessageReceived>().Single().Sealed.Stream.StreamId;
        int before = Count(world, alice, bob);
        for (int i = 0; i < 20; i++)
        {
            await AskAsync();
        }

        Assert.Equal(8, Count(world, alice, bob) - before);
        world.Clock.Advance(TimeSpan.FromDays(1));
        await world.SettleAsync(2);
        before = Count(world, alice, bob);
        await AskAsync();
        Assert.Equal(1, Count(world, alice, bob) - before);

        async Task AskAsync()
        {
            await bob.SayToAsync(alice, pulse.Id, ContentType.ResendRequest, _ => new ResendNames(stream, [new NumberRange(1, 1)], []).Encode());
            await bob.SyncAsync();
            await alice.SyncAsync();
            await alice.SyncAsync();
        }
    }

    /// <summary>Bob reads nothing and asks for everything, in a chat and beside it: what the relay has no room for would lie with Alice.</summary>
    [Fact]
    public async Task What_somebody_asks_for_whose_mailbox_is_full_does_not_pile_up()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        await alice.Client.AcceptAsync("bob");
        await bob.Client.AcceptAsync("alice");
        await alice.TellAsync(pulse.Id, "one");
        await alice.SayAsync("bob", "two");
        await bob.SayAsync("alice", "three");
        await world.SettleAsync(4);
        MessageId stream = bob.Seen.OfType<PulseMessageReceived>().Single().Sealed.Stream.StreamId;
        for (int i = 0; i < RelayLimits.MaxMailboxItems * RelayLimits.MaxSenderShare; i += 500)
        {
            await world.Relay.Connect(alice.Address).DeliverAsync(
                [.. Enumerable.Range(0, 500).Select(_ => new OutgoingEnvelope(bob.Address, Guid.NewGuid().ToByteArray(), new byte[10]))]);
        }

        world.Relay.OnPage = (device, items) => device == bob.Address ? [] : items;
        for (int i = 0; i < 8; i++)
        {
            await bob.SayToAsync(alice, pulse.Id, ContentType.ResendRequest, _ => new ResendNames(stream, [new NumberRange(1, 1)], []).Encode());
            await HostileDevice.AskAsync(bob, alice, new ResendNames(stream, [new NumberRange(1, 1), new NumberRange(100 + (ulong)i, 200)], []), "bob");
            await bob.SayAsync("alice", $"{i}");
            await bob.SyncAsync();
            await alice.SyncAsync();
            await alice.SyncAsync();
        }

        Assert.Equal(8, alice.Texts.Count(text => text != "three"));
        Outbox outbox = (await alice.Client.OpenAsync(default)).Outbox;
        Assert.InRange((await outbox.ReadForAppAsync(100, default)).Count, 1, 4);
        world.Relay.OnPage = (_, items) => items;
        await world.SettleAsync(8);
        Assert.Empty(await outbox.ReadForAppAsync(100, default));
    }

    /// <summary>Carol's first message comes to Bob when its keys are gone. By no number of hers shows that there was one, and in a large chat chance would
    /// hardly ever have him ask her.</summary>
    [Fact]
    public async Task Whose_message_came_too_late_to_be_read_is_asked_where_it_stood_and_says_it_again()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        bool isLate = true;
        world.Relay.OnPage = (caller, items) =>
            isLate && caller == bob.Address ? [.. items.Where(item => item.Kind != MailboxItemKind.GroupMessage)] : items;
        await carol.TellAsync(pulse.Id, "one");
        await world.SettleAsync(1);
        for (int i = 0; i < 7; i++)
        {
            await pulse.RenameAsync($"Roof {i}");
            await world.SettleAsync(2);
        }

        await world.ShowAllAsync(pulse.Id, bob);
        await bob.TakeEventsAsync();
        Assert.Equal(E2EError.MlsWrongEpoch, Assert.Single(bob.Seen.OfType<PulseMessageUnreadable>()).Reason);
        ClientCore core = (await bob.Client.OpenAsync(default)).Core;
        Assert.Equal([carol.Address], await core.ChangeAsync([Gates.Pulse(pulse.Id)], async work => (await work.PulseAsync(pulse.Id))!.Record.ToAsk.ToArray(), default));
        isLate = false;
        await carol.TellAsync(pulse.Id, "two");
        await world.SettleAsync(4);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        Assert.Equal(["two", "one"], bob.PulseTexts(pulse.Id));
    }

    /// <summary>The relay gives no keys of one member's: a rate, or a row that it cannot read.</summary>
    [Fact]
    public async Task One_member_for_whom_the_relay_cannot_be_reached_keeps_nobody_else_from_being_told()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        ClientCore core = (await alice.Client.OpenAsync(default)).Core;
        await core.ChangeAsync(
            [Gates.User("bob"), Gates.User("carol")],
            async work =>
            {
                foreach (Member other in new[] { bob, carol })
                {
                    work.DropSessions(other.Address, (await work.PeerAsync(other.Address)).Book.Clear());
                }
            },
            default);
        string user = new[] { bob, carol }
            .MinBy(other => Convert.ToHexString(new PulseSayRecord(other.Address, [], pulse.Id, ContentType.PulseLine, []).Key), StringComparer.Ordinal)!.UserId;
        world.Relay.ShownBundles = (caller, asked, claimed) => caller == alice.Address && asked == user
            ? throw new E2EException(E2EError.RelayUnavailable)
            : claimed;
        await alice.ChangeAsync(pulse.Id, record =>
        {
            record.AddToTell(bob.Address);
            record.AddToTell(carol.Address);
        });
        for (int i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<E2EException>(() => alice.Client.SynchronizeAsync());
        }

        Assert.Equal(user, Assert.Single(await WaitingAsync()).Device.UserId);
        world.Relay.ShownBundles = (_, _, claimed) => claimed;
        await alice.SyncAsync();
        Assert.Empty(await WaitingAsync());

        async Task<PulseSayRecord[]> WaitingAsync() =>
            [.. (await core.Store.ScanAsync(RecordKey.PulseSays, default, default, 100)).Select(item => PulseSayRecord.Decode(item.Value))];
    }

    /// <summary>Of what waits to be said to a device about its line there is one: what is said beside a question, or after it, asks still.</summary>
    [Fact]
    public async Task A_question_about_a_line_is_not_lost_to_what_is_said_beside_it()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        world.Relay.Before = (caller, call) => caller == alice.Address && call is "claim" or "deliver"
            ? throw new E2EException(E2EError.RelayUnavailable) : Task.CompletedTask;
        ClientCore core = (await alice.Client.OpenAsync(default)).Core;
        await core.ChangeAsync(
            [Gates.User("bob")],
            async work => work.DropSessions(bob.Address, (await work.PeerAsync(bob.Address)).Book.Clear()),
            default);
        world.Clock.Advance(TimeSpan.FromDays(1));
        await alice.ChangeAsync(pulse.Id, record =>
        {
            record.AddToAsk(bob.Address);
            record.AddToTell(bob.Address);
        });
        Assert.Equal(PulseLine.Asks, await WaitingAsync());
        await alice.ChangeAsync(pulse.Id, record => record.AddToTell(bob.Address));
        Assert.Equal(PulseLine.Asks, await WaitingAsync());

        async Task<byte> WaitingAsync()
        {
            await Assert.ThrowsAsync<E2EException>(() => alice.Client.SynchronizeAsync());
            return PulseLine.Decode((await core.Store.ScanAsync(RecordKey.PulseSays, default, default, 100))
                .Select(item => PulseSayRecord.Decode(item.Value)).Single(say => say.Device == bob.Address).Body).Kind;
        }
    }

    private static int Count(World world, Member sender, Member recipient) => world.Relay.Delivered.Count(
        delivered => delivered.Sender == sender.Address && delivered.Envelope.Recipient == recipient.Address);
}
