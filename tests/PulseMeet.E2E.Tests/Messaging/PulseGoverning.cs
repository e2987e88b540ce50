using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Who may do what in a pulse chat, and that everybody sees who did it; changes that meet.</summary>
public sealed class PulseGoverning
{
    [Fact]
    public async Task Names_roles_and_rights_change_for_everybody_and_everybody_sees_by_whom()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await pulse.RenameAsync("Roof");
        await pulse.SetRoleAsync("bob", PulseRole.Admin);
        await world.SettleAsync(2);
        await (await bob.PulseAsync(pulse.Id)).RenameAsync("Terrace");
        await world.SettleAsync(2);
        await pulse.SetRightsAsync(PulseRights.Default with { Rename = PulseRole.Member });
        await pulse.SetRoleAsync("bob", PulseRole.Creator);
        await world.SettleAsync(2);
        await (await carol.PulseAsync(pulse.Id)).RenameAsync("Anyone's");
        await world.SettleAsync(2);

        foreach (Member member in new[] { alice, bob, carol })
        {
            PulseRoster roster = await member.RosterAsync(pulse.Id);
            Assert.Equal("Anyone's", roster.Name);
            Assert.Equal(PulseRole.Member, roster.Rights.Rename);
            Assert.Equal((PulseRole.Admin, PulseRole.Creator), (roster.Find("alice")!.Role, roster.Find("bob")!.Role));
            Assert.Equal(
                [("Roof", alice.Address), ("Terrace", bob.Address), ("Anyone's", carol.Address)],
                member.Seen.OfType<PulseRenamed>().Select(renamed => (renamed.Name, renamed.By)));
            Assert.Equal(
                [("bob", PulseRole.Admin), ("alice", PulseRole.Admin), ("bob", PulseRole.Creator)],
                member.Seen.OfType<PulseRoleChanged>().Select(changed => (changed.UserId, changed.Role)));
            Assert.Equal(alice.Address, Assert.Single(member.Seen.OfType<PulseRightsChanged>()).By);
        }

        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task What_a_role_does_not_allow_is_refused_before_anything_leaves()
    {
        await using var world = new World();
        (PulseChat pulse, _, Member bob, Member carol) = await world.RooftopAsync();
        PulseChat bobs = await bob.PulseAsync(pulse.Id);
        int offers = 0;
        world.Relay.Before = (_, call) =>
        {
            offers += call == "offer" ? 1 : 0;
            return Task.CompletedTask;
        };
        foreach (Func<Task> act in new[]
        {
            () => bobs.RemoveAsync("carol"),
            () => bobs.RenameAsync("Bob's"),
            () => bobs.SetRoleAsync("bob", PulseRole.Admin),
            () => bobs.SetRightsAsync(PulseRights.Default with { Add = PulseRole.Member }),
        })
        {
            Assert.Equal(E2EError.GroupNotAllowed, (await Assert.ThrowsAsync<E2EException>(act)).Reason);
        }

        Assert.Equal(0, offers);
        Assert.Equal(E2EError.UnknownDevice, (await Assert.ThrowsAsync<E2EException>(() => pulse.SetRoleAsync("nobody", PulseRole.Admin))).Reason);
        await Assert.ThrowsAsync<ArgumentException>(() => pulse.RemoveAsync("alice"));
        await Assert.ThrowsAsync<ArgumentException>(() => pulse.RenameAsync(new string('x', 257)));
        await Assert.ThrowsAsync<ArgumentNullException>(() => carol.Client.CreatePulseAsync("x", [], new PulseOptions { Rights = null! }));
        await Assert.ThrowsAsync<ArgumentException>(() => pulse.SetRightsAsync(PulseRights.Default with { Remove = PulseRole.Member }));
        Assert.Equal("Rooftop", (await carol.RosterAsync(pulse.Id)).Name);
        await world.SettleAsync(2);
        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task A_role_is_given_to_nobody_who_leaves_and_the_last_one_is_not_given_up()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await (await carol.PulseAsync(pulse.Id)).LeaveAsync();
        await world.ShowAllAsync(pulse.Id, alice);
        foreach (PulseRole role in new[] { PulseRole.Admin, PulseRole.Creator })
        {
            E2EException refusal = await Assert.ThrowsAsync<E2EException>(() => pulse.SetRoleAsync("carol", role));
            Assert.Equal(E2EError.UnknownDevice, refusal.Reason);
        }

        await world.SettleAsync(2);
        await pulse.LeaveAsync();
        await world.SettleAsync(3);
        PulseChat bobs = await bob.PulseAsync(pulse.Id);
        Assert.Equal(PulseRole.Admin, Assert.Single((await bobs.GetRosterAsync()).Members).Role);
        E2EException last = await Assert.ThrowsAsync<E2EException>(() => bobs.SetRoleAsync("bob", PulseRole.Member));
        Assert.Equal(E2EError.GroupNotAllowed, last.Reason);
        await bobs.RenameAsync("Bob's own");
    }

    [Fact]
    public void A_chat_has_at_most_64_admins()
    {
        var data = new PulseData
        {
            Name = "Crowd",
            Creator = "creator",
            Admins = PulseData.Sorted(Enumerable.Range(0, GroupLimits.MaxAdmins).Select(i => $"admin {i:d2}")),
            Rights = GroupRights.Default,
            ListsHash = new byte[32],
        };
        foreach (GroupRole role in new[] { GroupRole.Admin, GroupRole.Creator })
        {
            E2EException refusal = Assert.Throws<E2EException>(() => RoleChange.Apply(data, new RoleIntent("member", role)));
            Assert.Equal(E2EError.LimitExceeded, refusal.Reason);
        }

        // An admin who becomes the creator makes room for the one who was.
        Assert.Equal(GroupLimits.MaxAdmins, RoleChange.Apply(data, new RoleIntent("admin 07", GroupRole.Creator)).Admins.Count);
    }

    /// <summary>The relay repeats its word of Bob's change while Alice's is being prepared.</summary>
    [Fact]
    public async Task A_change_that_meets_the_relays_word_of_another_one_is_made_by_the_same_call()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await world.SignUpAsync("dave");
        await world.SettleAsync(1);
        var word = new MailboxItem(
            0, MailboxItemKind.GroupCommit, bob.Address, pulse.Id.ToArray(), PulseMessages.NewId().ToArray(), world.Clock.GetUtcNow(), new byte[1]);
        int words = 0;
        world.Relay.Before = async (caller, call) =>
        {
            if (caller == alice.Address && call == "claim key packages" && words++ == 0)
            {
                await alice.Client.PushAsync([word]);
            }
        };
        await pulse.AddAsync("dave");
        Assert.True(words > 0);
        Assert.NotNull((await pulse.GetRosterAsync()).Find("dave"));
        await world.SettleAsync(2);
        Assert.NotNull((await carol.RosterAsync(pulse.Id)).Find("dave"));
        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task Changes_of_several_that_meet_are_all_made_one_after_the_other()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        Member dave = await world.SignUpAsync("dave");
        Member erin = await world.SignUpAsync("erin");
        await world.SettleAsync(1);
        await pulse.SetRightsAsync(PulseRights.Default with { Add = PulseRole.Member, Rename = PulseRole.Member });
        await world.SettleAsync(2);

        // All three have offered before anybody looks at what was taken.
        int waiting = 3;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Relay.Before = (_, call) =>
        {
            if (call == "offered" && Interlocked.Decrement(ref waiting) == 0)
            {
                all.SetResult();
            }

            return call == "offered" ? all.Task : Task.CompletedTask;
        };
        await Task.WhenAll(
            pulse.AddAsync("dave"),
            (await bob.PulseAsync(pulse.Id)).AddAsync("erin"),
            (await carol.PulseAsync(pulse.Id)).RenameAsync("Crowd"));
        world.Relay.Before = (_, _) => Task.CompletedTask;
        await world.SettleAsync(3);
        Member[] members = [alice, bob, carol, dave, erin];
        foreach (Member member in members)
        {
            PulseRoster roster = await member.RosterAsync(pulse.Id);
            Assert.Equal("Crowd", roster.Name);
            Assert.Equal(["alice", "bob", "carol", "dave", "erin"], roster.Members.Select(other => other.UserId));
            await member.TellAsync(pulse.Id, member.UserId);
        }

        await world.SettleAsync(2);
        Assert.All(members, member => Assert.Equal(
            members.Where(other => other != member).Select(other => other.UserId), member.PulseTexts(pulse.Id).Order()));
        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task A_change_that_lost_and_is_not_allowed_any_more_is_given_up_and_said_so()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await pulse.SetRoleAsync("bob", PulseRole.Admin);
        await world.SettleAsync(2);

        // Alice takes Bob's role away while his change is on the way: hers is the first candidate.
        PulseChat bobs = await bob.PulseAsync(pulse.Id);
        bool isFirst = true;
        world.Relay.Before = async (caller, call) =>
        {
            if (isFirst && caller == bob.Address && call == "offer")
            {
                isFirst = false;
                await pulse.SetRoleAsync("bob", PulseRole.Member);
            }
        };
        E2EException refusal = await Assert.ThrowsAsync<E2EException>(() => bobs.RemoveAsync("carol"));
        Assert.Equal(E2EError.GroupNotAllowed, refusal.Reason);
        await world.SettleAsync(2);
        Assert.Equal(E2EError.GroupNotAllowed, Assert.Single(bob.Seen.OfType<PulseChangeDropped>()).Reason);
        Assert.NotNull((await carol.RosterAsync(pulse.Id)).Find("carol"));
        await bob.TellAsync(pulse.Id, "well then");
        await world.SettleAsync(2);
        Assert.Equal(["well then"], carol.PulseTexts(pulse.Id));
        Assert.Equal(["well then"], alice.PulseTexts(pulse.Id));
    }

    [Fact]
    public async Task Whoever_leaves_is_out_with_all_devices_once_another_has_committed_it()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        Member tablet = await world.LinkAsync(bob, "tablet");
        Member carol = await world.SignUpAsync("carol");
        await world.SettleAsync(1);
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob", "carol"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        await (await tablet.PulseAsync(pulse.Id)).LeaveAsync();
        Assert.Equal(E2EError.NotAllowed, (await Assert.ThrowsAsync<E2EException>(() => tablet.TellAsync(pulse.Id, "one more"))).Reason);
        await world.SettleAsync(3);
        world.Clock.Advance(TimeSpan.FromMinutes(3));
        await world.SettleAsync(3);
        foreach (Member device in new[] { bob, tablet })
        {
            Assert.True(Assert.Single(device.Seen.OfType<PulseClosed>()).HasLeft);
            Assert.Empty(await device.Client.GetPulsesAsync());
        }

        foreach (Member member in new[] { alice, carol })
        {
            Assert.Equal(["bob"], member.Seen.OfType<PulseMembersChanged>().SelectMany(changed => changed.Left));
            Assert.DoesNotContain(member.Seen.OfType<PulseMembersChanged>(), changed => changed.Removed.Count > 0);
            Assert.Equal(["alice", "carol"], (await member.RosterAsync(pulse.Id)).Members.Select(other => other.UserId));
        }

        await alice.TellAsync(pulse.Id, "bob is gone");
        await world.SettleAsync(2);
        Assert.Equal(["bob is gone"], carol.PulseTexts(pulse.Id));
        Assert.Empty(bob.PulseTexts(pulse.Id));
        world.AssertNothingIsLost();
    }

    [Fact]
    public async Task A_request_to_leave_that_the_relay_held_back_over_a_change_is_made_again()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        alice.IsActive = carol.IsActive = false;
        await (await bob.PulseAsync(pulse.Id)).LeaveAsync();
        await pulse.RenameAsync("Roof");
        alice.IsActive = carol.IsActive = true;
        await world.SettleAsync(4);
        world.Clock.Advance(TimeSpan.FromMinutes(3));
        await world.SettleAsync(3);
        Assert.True(Assert.Single(bob.Seen.OfType<PulseClosed>()).HasLeft);
        Assert.Equal(["alice", "carol"], (await carol.RosterAsync(pulse.Id)).Members.Select(other => other.UserId));
    }

    [Fact]
    public async Task The_last_one_leaves_at_once_and_a_creator_that_leaves_is_followed()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        await world.SettleAsync(1);
        PulseChat alone = await alice.Client.CreatePulseAsync("Alone", []);
        await alone.LeaveAsync();
        Assert.Empty(await alice.Client.GetPulsesAsync());
        Assert.True((await alone.GetRosterAsync()).IsClosed);

        Member bob = await world.SignUpAsync("bob");
        await world.SettleAsync(1);
        PulseChat pair = await alice.Client.CreatePulseAsync("Pair", ["bob"]);
        await world.SettleAsync(2);
        await pair.LeaveAsync();
        await world.SettleAsync(3);
        PulseRoster roster = await bob.RosterAsync(pair.Id);
        Assert.Equal(PulseRole.Admin, Assert.Single(roster.Members).Role);
    }
}
