using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A relay that refuses for now, or lies once: no chat is lost by it, nobody is stranded, and nothing is done without end.</summary>
public sealed class PulseRefusals
{
    private static readonly PulseOptions s_noJoins =
        new() { Suite = PulseSuite.X25519, Rights = PulseRights.Default with { ExternalJoin = false } };

    /// <summary>An offer is taken, its answer lost, and the next attempt is one too many: the device's own commit is the group's.</summary>
    [Fact]
    public async Task A_change_that_the_relay_took_and_says_it_has_no_time_for_is_the_chats_and_its_maker_follows_it()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        world.Relay.Before = (caller, call) => Refuse(caller == alice.Address && call == "offered", E2EError.LimitExceeded);
        await pulse.RenameAsync("Roof");
        await alice.TellAsync(pulse.Id, "on the roof");
        world.Relay.Before = (_, _) => Task.CompletedTask;
        await world.SettleAsync(3);
        foreach (Member member in new[] { bob, carol })
        {
            Assert.Equal("Roof", (await member.RosterAsync(pulse.Id)).Name);
            Assert.Equal(["on the roof"], member.PulseTexts(pulse.Id));
        }

        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task A_change_for_which_the_relay_has_no_room_waits_is_offered_less_and_less_often_and_made_in_the_end()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        int offers = 0;
        world.Relay.Before = (caller, call) =>
        {
            bool isOffer = caller == alice.Address && call == "offer";
            offers += isOffer ? 1 : 0;
            return Refuse(isOffer, E2EError.LimitExceeded);
        };
        E2EException waits = await Assert.ThrowsAsync<E2EException>(() => pulse.RenameAsync("Roof"));
        Assert.Equal(E2EError.RelayUnavailable, waits.Reason);
        await world.SettleAsync(5);
        Assert.Equal(1, offers);
        for (int minute = 0; minute < 64; minute++)
        {
            world.Clock.Advance(TimeSpan.FromMinutes(1));
            await alice.SyncAsync();
        }

        Assert.InRange(offers, 3, 8);
        world.Relay.Before = (_, _) => Task.CompletedTask;
        world.Clock.Advance(TimeSpan.FromHours(1));
        await world.SettleAsync(3);
        Assert.Equal("Roof", (await bob.RosterAsync(pulse.Id)).Name);
        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task A_duty_that_the_relay_refuses_fills_no_app_with_events_and_no_relay_with_commits()
    {
        await using var world = new World();
        (PulseChat pulse, _, Member bob, Member carol) = await world.RooftopAsync();
        int offers = 0;
        world.Relay.Before = (caller, call) =>
        {
            bool isOffer = caller == bob.Address && call == "offer";
            offers += isOffer ? 1 : 0;
            return Refuse(isOffer, E2EError.LimitExceeded);
        };
        world.Clock.Advance(TimeSpan.FromDays(1));
        for (int round = 0; round < 30; round++)
        {
            world.Clock.Advance(TimeSpan.FromMinutes(1));
            await bob.SyncAsync();
        }

        Assert.InRange(offers, 1, 6);
        Assert.DoesNotContain(bob.Seen, e => e is PulseChangeDropped);
        world.Relay.Before = (_, _) => Task.CompletedTask;
        world.Clock.Advance(TimeSpan.FromHours(1));
        await bob.TellAsync(pulse.Id, "renewed");
        await world.SettleAsync(3);
        Assert.Equal(["renewed"], carol.PulseTexts(pulse.Id));
        world.AssertNothingIsLost();
    }

    [Theory]
    [InlineData("another name")]
    [InlineData("another role")]
    [InlineData("other rights")]
    [InlineData("keys renewed by time")]
    public async Task While_a_change_waits_that_is_not_about_who_reads_what_is_written_goes_to_those_who_are_there(string change)
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        world.Relay.Before = (_, call) => Refuse(call == "offer", E2EError.LimitExceeded);
        Member one = change == "keys renewed by time" ? bob : alice;
        if (one == bob)
        {
            world.Clock.Advance(TimeSpan.FromDays(1));
            await bob.SyncAsync();
        }
        else
        {
            await Assert.ThrowsAsync<E2EException>(() => change switch
            {
                "another name" => pulse.RenameAsync("Roof"),
                "another role" => pulse.SetRoleAsync("bob", PulseRole.Admin),
                _ => pulse.SetRightsAsync(PulseRights.Default with { Add = PulseRole.Member }),
            });
        }

        Assert.True(await one.HasPreparedAsync(pulse.Id));
        await one.TellAsync(pulse.Id, "in the meantime");
        await world.SettleAsync(2);
        Assert.Equal(["in the meantime"], carol.PulseTexts(pulse.Id));
        world.Relay.Before = (_, _) => Task.CompletedTask;
        world.Clock.Advance(TimeSpan.FromHours(1));
        await world.SettleAsync(3);
        Assert.False(await one.HasPreparedAsync(pulse.Id));
        await one.TellAsync(pulse.Id, "afterwards");
        await world.SettleAsync(2);
        Assert.Equal(["in the meantime", "afterwards"], carol.PulseTexts(pulse.Id));
        world.AssertNothingIsLost();
    }

    [Theory]
    [InlineData("somebody is removed")]
    [InlineData("somebody has left")]
    [InlineData("somebody's device is removed")]
    [InlineData("somebody is added")]
    public async Task While_a_change_waits_that_is_about_who_reads_what_is_written_waits_for_it(string change)
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        Member tablet = await world.LinkAsync(carol, "tablet");
        await world.SignUpAsync("dave");
        await world.SettleAsync(2);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(3);
        Assert.Equal(["phone", "tablet"], (await alice.RosterAsync(pulse.Id)).Find("carol")!.Devices);
        Member gone = change == "somebody's device is removed" ? tablet : carol;
        if (change == "somebody has left")
        {
            await (await carol.PulseAsync(pulse.Id)).LeaveAsync();
        }

        world.Relay.Before = (_, call) => Refuse(call == "offer", E2EError.LimitExceeded);
        bob.IsActive = carol.IsActive = tablet.IsActive = false;
        switch (change)
        {
            case "somebody is removed":
                await Assert.ThrowsAsync<E2EException>(() => pulse.RemoveAsync("carol"));
                break;
            case "somebody's device is removed":
                await carol.Client.RemoveDeviceAsync("tablet");
                world.Clock.Advance(TimeSpan.FromHours(2));
                await alice.SyncAsync();
                world.Clock.Advance(TimeSpan.FromMinutes(5));
                break;
            case "somebody is added":
                await Assert.ThrowsAsync<E2EException>(() => pulse.AddAsync("dave"));
                break;
        }

        await alice.SyncAsync();
        Assert.True(await alice.HasPreparedAsync(pulse.Id));
        int said = world.Relay.GroupMessages.Count;
        await alice.TellAsync(pulse.Id, "about the surprise");
        await alice.SyncAsync();
        Assert.Equal(said, world.Relay.GroupMessages.Count);

        bob.IsActive = carol.IsActive = true;
        tablet.IsActive = gone != tablet;
        world.Relay.Before = (_, _) => Task.CompletedTask;
        world.Clock.Advance(TimeSpan.FromHours(1));
        await world.SettleAsync(4);
        Assert.Equal(["about the surprise"], bob.PulseTexts(pulse.Id));
        if (change == "somebody is added")
        {
            Assert.Equal(["about the surprise"], world.Members.Single(member => member.UserId == "dave").PulseTexts(pulse.Id));
            return;
        }

        await world.ShowAllAsync(pulse.Id, gone);
        await gone.TakeEventsAsync();
        Assert.Empty(gone.PulseTexts(pulse.Id));
    }

    /// <summary>A crowd of devices whose leaves are as large as a relay takes them: what a commit carries besides goes over 4 MiB.</summary>
    [Fact]
    public async Task A_change_that_no_relay_would_take_is_given_up_once_and_a_duty_without_a_word()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, _, _) = await world.RooftopAsync();
        var crowd = new List<Invitee>();
        for (int i = 0; i < 18; i++)
        {
            crowd.Add(await PulseForeign.LargeAsync(world, await world.SignUpAsync($"crowd{i}"), 240_000));
        }

        await alice.ChangeGroupAsync(pulse.Id, group => crowd.ForEach(invitee =>
            Assert.Equal(0, group.TakeCandidates([group.Prepare(new BringIntent([invitee]))!.Commit]).Taken)));
        int offers = 0;
        world.Relay.Before = (_, call) =>
        {
            offers += call == "offer" ? 1 : 0;
            return Task.CompletedTask;
        };
        Assert.Equal(E2EError.LimitExceeded, (await Assert.ThrowsAsync<E2EException>(() => pulse.RenameAsync("Roof"))).Reason);
        Assert.False(await alice.HasPreparedAsync(pulse.Id));
        await alice.ChangeGroupAsync(pulse.Id, group => group.Suspect());
        world.Clock.Advance(TimeSpan.FromHours(1));
        await alice.SyncAsync();
        Assert.False(await alice.HasPreparedAsync(pulse.Id));
        Assert.Equal(E2EError.LimitExceeded, Assert.Single(alice.Seen.OfType<PulseChangeDropped>()).Reason);
        Assert.Equal(0, offers);
    }

    [Fact]
    public async Task A_chat_whose_first_offer_is_refused_is_there_and_everybody_comes_in_once_it_is_taken()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        await world.SettleAsync(1);
        world.Relay.Before = (_, call) => Refuse(call == "offer", E2EError.LimitExceeded);
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        PulseChat alone = await alice.Client.CreatePulseAsync("Alone", []);
        Assert.Equal(2, (await alice.Client.GetPulsesAsync()).Count);
        await alice.TellAsync(pulse.Id, "welcome");
        await alice.SyncAsync();
        world.Relay.Before = (_, _) => Task.CompletedTask;
        world.Clock.Advance(TimeSpan.FromHours(1));
        await world.SettleAsync(3);
        Assert.Equal(["welcome"], bob.PulseTexts(pulse.Id));
        await alone.AddAsync("bob");
        await world.SettleAsync(2);
        Assert.Equal(2, (await bob.Client.GetPulsesAsync()).Count);
        world.AssertNothingIsLost();
    }

    [Theory]
    [InlineData(E2EError.LimitExceeded)]
    [InlineData(E2EError.NotAllowed)]
    [InlineData(E2EError.RelayUnavailable)]
    public async Task A_relay_that_refuses_everything_about_a_chat_keeps_nothing_else_from_being_received(E2EError reason)
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        await bob.Client.AcceptAsync("alice");
        await world.SettleAsync(2);
        await pulse.RenameAsync("Roof");
        await bob.ChangeAsync(pulse.Id, record => record.IsCatchUpWanted = true);
        world.Relay.Before = (caller, call) => Refuse(caller == bob.Address && call is "candidates" or "offer" or "send to group", reason);
        await alice.SayAsync("bob", "do you hear me?");
        await alice.SyncAsync();
        await using IAsyncEnumerator<E2EEvent> events = bob.Client.ReadEventsAsync().GetAsyncEnumerator();
        do
        {
            Assert.True(await events.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
            await bob.Client.AcknowledgeAsync(events.Current, default);
        }
        while (events.Current is not MessageReceived);
    }

    [Fact]
    public async Task A_refused_chat_still_sends_what_is_sealed()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        await pulse.RenameAsync("Roof");
        await bob.TellAsync(pulse.Id, "all the same");
        await bob.ChangeAsync(pulse.Id, record => record.IsCatchUpWanted = true);
        world.Relay.Before = (caller, call) => Refuse(caller == bob.Address && call == "candidates", E2EError.LimitExceeded);
        await Assert.ThrowsAsync<E2EException>(bob.SyncAsync);
        await alice.SyncAsync();
        Assert.Equal(["all the same"], alice.PulseTexts(pulse.Id));
    }

    /// <summary>The relay leaves a commit out, once: the chat takes no joins, so that only the missing commit helps.</summary>
    [Fact]
    public async Task One_lie_of_the_relay_strands_nobody_in_a_chat_that_takes_no_joins()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync(s_noJoins);
        await StallAsync(world, pulse, bob);
        Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(async () => await (await bob.PulseAsync(pulse.Id)).RenameAsync("x"))).Reason);
        world.Relay.ShownCandidates = (_, _, _, candidates) => candidates;
        world.Clock.Advance(TimeSpan.FromHours(2));
        await world.SettleAsync(3);
        Assert.Equal("Terrace", (await bob.RosterAsync(pulse.Id)).Name);
        await bob.TellAsync(pulse.Id, "here");
        await world.SettleAsync(2);
        Assert.Equal(["here"], alice.PulseTexts(pulse.Id));
        Assert.Single(bob.Seen.OfType<PulseStalled>());
        Assert.DoesNotContain(world.Members.SelectMany(member => member.Seen), e => e is PulseRejoined or PulseForkSuspected);
    }

    /// <summary>The relay invents a later epoch: nothing is missing, so that no commit helps, and a member's word does.</summary>
    [Fact]
    public async Task A_device_that_was_told_of_an_epoch_that_is_none_goes_on_by_the_word_of_a_member()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync(s_noJoins);
        world.Clock.Advance(TimeSpan.FromHours(30));
        await world.SettleAsync(4);
        world.Relay.ShownCandidates = (caller, epoch, _, candidates) => caller != bob.Address ? candidates
            : [new GroupCandidate(epoch + 1, 0, alice.Address, new byte[10])];
        await bob.ChangeAsync(pulse.Id, record => record.IsCatchUpWanted = true);
        await bob.SyncAsync();
        Assert.Single(bob.Seen.OfType<PulseStalled>());
        world.Relay.ShownCandidates = (_, _, _, candidates) => candidates;
        world.Clock.Advance(TimeSpan.FromHours(30));
        await world.SettleAsync(4);
        await bob.TellAsync(pulse.Id, "here");
        await world.SettleAsync(2);
        Assert.Equal(["here"], alice.PulseTexts(pulse.Id));
    }

    /// <summary>The relay loses the word of the commit for the one whom it takes out: nobody else tells him.</summary>
    [Theory]
    [InlineData("has asked to leave", 1)]
    [InlineData("was removed", 25)]
    public async Task Whoever_is_out_and_was_not_told_learns_it(string how, int hours)
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();

        // Every device has renewed its keys once: none of them looks for that.
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(4);
        world.Relay.OnPage = (caller, items) => caller != bob.Address ? items : [.. items.Where(item => item.Kind != MailboxItemKind.GroupCommit)];
        if (how == "has asked to leave")
        {
            await (await bob.PulseAsync(pulse.Id)).LeaveAsync();
            await bob.SyncAsync();
        }
        else
        {
            await pulse.RemoveAsync("bob");
        }

        await alice.SyncAsync();
        Assert.Null((await alice.RosterAsync(pulse.Id)).Find("bob"));
        await world.SettleAsync(2);
        Assert.DoesNotContain(bob.Seen, e => e is PulseClosed);
        world.Clock.Advance(TimeSpan.FromHours(hours));
        await world.SettleAsync(2);
        Assert.Equal(how == "has asked to leave", Assert.Single(bob.Seen.OfType<PulseClosed>()).HasLeft);
    }

    [Fact]
    public async Task Whoever_is_stranded_can_leave()
    {
        await using var world = new World();
        (PulseChat pulse, _, Member bob, _) = await world.RooftopAsync(s_noJoins);
        await StallAsync(world, pulse, bob);
        await (await bob.PulseAsync(pulse.Id)).LeaveAsync();
        await bob.TakeEventsAsync();
        Assert.True(Assert.Single(bob.Seen.OfType<PulseClosed>()).HasLeft);
        Assert.Empty(await bob.Client.GetPulsesAsync());
    }

    /// <summary>The creator's only phone was put back, in a chat that takes no joins: nobody removes a creator, and an admin brings the phone back.</summary>
    [Fact]
    public async Task An_admin_brings_back_a_creator_who_is_stranded()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync(s_noJoins);
        await pulse.SetRoleAsync("bob", PulseRole.Admin);
        InMemoryStore copy = alice.Store.Copy();
        await world.SettleAsync(2);
        await pulse.RenameAsync("Roof");
        await world.SettleAsync(2);
        await alice.RestoreAsync(copy);
        PulseChat bobs = await bob.PulseAsync(pulse.Id);
        await bobs.RenameAsync("Terrace");
        await world.SettleAsync(3);
        Assert.Single(alice.Seen.OfType<PulseStalled>());
        Assert.Equal(E2EError.GroupNotAllowed, (await Assert.ThrowsAsync<E2EException>(() => bobs.RemoveAsync("alice"))).Reason);
        PulseChat carols = await carol.PulseAsync(pulse.Id);
        Assert.Equal(E2EError.GroupNotAllowed, (await Assert.ThrowsAsync<E2EException>(() => carols.BringBackAsync("alice"))).Reason);
        await bobs.BringBackAsync("alice");
        await bob.TellAsync(pulse.Id, "welcome back");
        await world.SettleAsync(4);
        Assert.Equal("bob", Assert.Single(alice.Seen.OfType<PulseJoined>()).By.UserId);
        await alice.TellAsync(pulse.Id, "here I am");
        await world.SettleAsync(3);
        Assert.Equal(["welcome back"], alice.PulseTexts(pulse.Id));
        Assert.Equal(["here I am"], bob.PulseTexts(pulse.Id));
        Assert.Equal(["welcome back", "here I am"], carol.PulseTexts(pulse.Id));
        Assert.Equal(PulseRole.Creator, (await alice.RosterAsync(pulse.Id)).Find("alice")!.Role);
        PulseDevicesChanged changed = Assert.Single(carol.Seen.OfType<PulseDevicesChanged>());
        Assert.Equal((bob.Address, "alice", "phone", "phone"), (changed.By, changed.UserId, Assert.Single(changed.Added), Assert.Single(changed.Removed)));
        await (await alice.PulseAsync(pulse.Id)).RenameAsync("Balcony");
        await world.SettleAsync(2);
        Assert.Equal("Balcony", (await carol.RosterAsync(pulse.Id)).Name);
        Assert.Equal(E2EError.UnknownDevice, (await Assert.ThrowsAsync<E2EException>(() => bobs.BringBackAsync("nobody"))).Reason);
    }

    /// <summary>Carol is to be brought back, the relay does not take it, and the clock is set back: her key package is of the future then.</summary>
    [Fact]
    public async Task Nobody_is_taken_out_who_cannot_be_brought_in_any_more()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        world.Relay.Before = (caller, call) => Refuse(caller == alice.Address && call == "offer", E2EError.RelayUnavailable);
        Assert.Equal(E2EError.RelayUnavailable, (await Assert.ThrowsAsync<E2EException>(() => pulse.BringBackAsync("carol"))).Reason);
        await bob.ChangeGroupAsync(pulse.Id, group => group.Suspect());
        await bob.SyncAsync();
        world.Relay.Before = (_, _) => Task.CompletedTask;
        world.Clock.Advance(TimeSpan.FromHours(-2));
        await world.SettleAsync(4);
        Assert.Equal(E2EError.UnknownDevice, Assert.Single(alice.Seen.OfType<PulseChangeDropped>()).Reason);
        await alice.TellAsync(pulse.Id, "all here");
        await world.SettleAsync(3);
        Assert.Equal(["all here"], carol.PulseTexts(pulse.Id));
        Assert.NotNull((await bob.RosterAsync(pulse.Id)).Find("carol"));
    }

    /// <summary>The tree and the group info of a large chat, again and again: only as often as a device may come back.</summary>
    [Fact]
    public async Task Nothing_is_fetched_for_a_join_that_may_not_be_made()
    {
        await using var world = new World();
        (PulseChat pulse, _, Member bob, _) = await world.RooftopAsync();
        await bob.ChangeAsync(pulse.Id, record =>
        {
            record.IsRejoinWanted = true;
            while (record.TryRejoin(world.Clock.GetUtcNow()))
            {
            }
        });
        int fetched = 0;
        world.Relay.Before = (caller, call) =>
        {
            fetched += caller == bob.Address && call is "group info" or "tree" ? 1 : 0;
            return Task.CompletedTask;
        };
        for (int i = 0; i < 5; i++)
        {
            world.Clock.Advance(TimeSpan.FromMinutes(5));
            await bob.SyncAsync();
        }

        Assert.Equal(0, fetched);
        world.Clock.Advance(TimeSpan.FromDays(1));
        await world.SettleAsync(2);
        Assert.Single(bob.Seen.OfType<PulseRejoined>());
    }

    /// <summary>Two changes, of which the relay shows Bob the second alone.</summary>
    private static async Task StallAsync(World world, PulseChat pulse, Member bob)
    {
        ulong epoch = await world.EpochAsync(pulse.Id, bob);
        await pulse.RenameAsync("Roof");
        await pulse.RenameAsync("Terrace");
        world.Relay.ShownCandidates = (caller, _, _, candidates) =>
            [.. candidates.Where(candidate => caller != bob.Address || candidate.Epoch > epoch)];
        await bob.SyncAsync();
        await bob.SyncAsync();
        Assert.Single(bob.Seen.OfType<PulseStalled>());
    }

    private static Task Refuse(bool isRefused, E2EError reason) =>
        isRefused ? Task.FromException(new E2EException(reason)) : Task.CompletedTask;
}
