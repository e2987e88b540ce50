using PulseMeet.E2E.Groups;
using static PulseMeet.E2E.Mls.Tests.Groups.Chats;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>What a pulse chat does when nobody attacks it.</summary>
public sealed class PulseLife
{
    [Theory]
    [InlineData(0x0001)]
    [InlineData(0xf064)]
    public void A_chat_has_all_devices_of_all_accounts_and_each_reads_each(int suite)
    {
        (Account alice, Account bob, Account carol) = Rooftop(suite: MlsSuite.Get((ushort)suite));
        Phone[] all = Present(alice, bob, carol);
        Assert.Equal(5, all.Length);
        AssertTalk(all);
        Assert.All(all, phone => Assert.Equal("Rooftop", phone.Chat.Data.Name));
        Assert.All(all, phone => Assert.Equal(GroupRole.Creator, phone.Chat.Data.RoleOf("alice")));
        Assert.All(all, phone => Assert.Equal(GroupRole.Member, phone.Chat.Data.RoleOf("bob")));
    }

    [Fact]
    public void An_account_is_added_and_removed_with_all_its_devices_and_everybody_sees_who_did_it()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        var dave = new Account("dave", "laptop", "phone");
        Phone[] before = Present(alice, bob, carol);
        PreparedCommit add = before[0].Chat.Prepare(new BringIntent([Invite(dave)]))!;
        foreach (Phone phone in before)
        {
            CandidateOutcome outcome = phone.Take(add.Commit);
            Assert.Contains(new GroupChange(GroupChangeKind.AccountAdded, before[0].Address, "dave"), outcome.Changes);
            Assert.Contains(new GroupChange(GroupChangeKind.DeviceAdded, before[0].Address, "dave", "phone"), outcome.Changes);
        }

        foreach (Phone phone in dave.Devices)
        {
            phone.Join(add);
        }

        AssertTalk(Present(alice, bob, carol, dave));
        PreparedCommit remove = alice["phone"].Chat.Prepare(new RemoveIntent("dave"))!;
        Assert.Equal(2, remove.Removed.Count);
        foreach (Phone phone in Present(alice, bob, carol, dave))
        {
            CandidateOutcome outcome = phone.Take(remove.Commit);
            Assert.Contains(new GroupChange(GroupChangeKind.AccountRemoved, alice["phone"].Address, "dave"), outcome.Changes);
        }

        Assert.All(dave.Devices, phone => Assert.True(phone.Chat.IsRemoved));
        AssertTalk(Present(alice, bob, carol));
    }

    [Fact]
    public void The_chat_is_renamed_and_roles_are_given_taken_and_handed_over()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Commit(all, alice["phone"], new RenameIntent("Roof"));
        Commit(all, alice["phone"], new RoleIntent("bob", GroupRole.Admin));
        Commit(all, bob["phone"], new RenameIntent("Terrace"));
        Commit(all, bob["phone"], new RoleIntent("carol", GroupRole.Admin));
        Commit(all, alice["laptop"], new RoleIntent("carol", GroupRole.Member));
        Commit(all, alice["laptop"], new RoleIntent("bob", GroupRole.Creator));
        Commit(all, bob["laptop"], new RightsIntent(GroupRights.Default with { Rename = GroupRole.Member }));
        Commit(all, carol["phone"], new RenameIntent("Anyone's"));
        Assert.All(all, phone => Assert.Equal(("Anyone's", "bob"), (phone.Chat.Data.Name, phone.Chat.Data.Creator)));
        Assert.All(all, phone => Assert.Equal(GroupRole.Admin, phone.Chat.Data.RoleOf("alice")));
        AssertTalk(all);
    }

    [Fact]
    public void Whoever_wants_to_leave_asks_and_another_member_commits_it()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        byte[] leave = bob["phone"].Chat.AskToLeave();
        foreach (Phone phone in all.Where(phone => phone != bob["phone"]))
        {
            Assert.Equal(bob["phone"].Address, Assert.IsType<LeaveAsked>(phone.Chat.Receive(leave)).Sender);
        }

        // The first in line at once, each further one a step later; Bob's own devices never.
        Assert.Equal(GroupDutyReason.LeaveWaits, Duties(alice["laptop"]).Single().Reason);
        Assert.Empty(Duties(carol["phone"]));
        Assert.Empty(Duties(bob["laptop"]));
        Assert.Equal(E2EError.MlsCommitRequired, Assert.Throws<E2EException>(() => carol["phone"].Seal("to Bob too?")).Reason);
        carol.Clock.Now += TimeSpan.FromSeconds(60);
        Assert.Equal(GroupDutyReason.LeaveWaits, Duties(carol["phone"]).Single().Reason);
        Commit(all, carol["phone"], new UpdateIntent());
        Assert.All(bob.Devices, phone => Assert.True(phone.Chat.IsRemoved));
        AssertTalk(Present(alice, bob, carol));
    }

    [Fact]
    public void A_request_to_leave_outlives_a_commit_that_did_not_know_it()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        byte[] leave = carol["phone"].Chat.AskToLeave();
        alice["phone"].Chat.Receive(leave);
        Commit(all, bob["phone"], new UpdateIntent());
        alice["phone"].Restart();
        alice.Clock.Now += TimeSpan.FromMinutes(10);
        Assert.Equal(GroupDutyReason.LeaveWaits, Duties(alice["phone"]).Single().Reason);
        Commit(all, alice["phone"], new UpdateIntent());
        Assert.True(carol["phone"].Chat.IsRemoved);
        AssertTalk(Present(alice, bob));
    }

    [Fact]
    public void When_the_creator_leaves_the_admins_go_on_and_without_any_the_account_of_the_lowest_leaf_becomes_one()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        byte[] leave = alice["phone"].Chat.AskToLeave();
        bob["phone"].Chat.Receive(leave);
        Commit(all, bob["phone"], new UpdateIntent());
        Phone[] left = Present(bob, carol);
        Assert.All(left, phone => Assert.Equal(string.Empty, phone.Chat.Data.Creator));
        Assert.All(left, phone => Assert.Equal(["bob"], phone.Chat.Data.Admins));
        Commit(left, bob["laptop"], new RightsIntent(GroupRights.Default with { Rename = GroupRole.Creator }));
        Commit(left, bob["laptop"], new RenameIntent("Bob's"));
        Commit(left, bob["laptop"], new RemoveIntent("carol"));
        AssertTalk(Present(bob));
    }

    [Fact]
    public void A_device_comes_back_by_itself_and_the_others_see_it()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        using ExternalJoin join = bob["phone"].Rejoin(alice["phone"]);
        foreach (Phone phone in all.Where(phone => phone != bob["phone"]))
        {
            CandidateOutcome outcome = phone.Take(join.Commit.Commit);
            Assert.Contains(
                new GroupChange(GroupChangeKind.DeviceRejoined, bob["phone"].Address, "bob", "phone"), outcome.Changes);
        }

        bob["phone"].Chat = ExternalJoin.Deserialize(join.Serialize()).Begin(bob["phone"].Device, bob.Clock);
        AssertTalk(all);
        Commit(all, bob["phone"], new UpdateIntent());
        AssertTalk(all);
    }

    [Fact]
    public void The_group_info_goes_up_only_where_the_group_takes_external_joins()
    {
        (Account alice, Account bob, Account carol) = Rooftop(GroupRights.Default with { ExternalJoin = false });
        Phone[] all = Present(alice, bob, carol);
        Assert.Empty(Commit(all, alice["phone"], new UpdateIntent()).GroupInfo);
        Assert.Equal(E2EError.GroupJoinRefused, Assert.Throws<E2EException>(() => alice["phone"].Chat.GroupInfo()).Reason);
        Assert.NotEmpty(Commit(all, alice["phone"], new RightsIntent(GroupRights.Default)).GroupInfo);
    }

    [Fact]
    public void A_reset_account_takes_the_place_of_the_old_one_as_a_whole_and_keeps_no_role()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Commit(Present(alice, bob, carol), alice["phone"], new RoleIntent("bob", GroupRole.Admin));
        Phone[] old = [.. bob.Devices];
        bob.Reset();
        Phone[] stay = Present(alice, carol);
        PreparedCommit commit = alice["phone"].Chat.Prepare(new BringIntent([Invite(bob)]))!;
        foreach (Phone phone in stay.Concat(old))
        {
            Assert.Equal(0, phone.Take(commit.Commit).Taken);
        }

        Assert.All(old, phone => Assert.True(phone.Chat.IsRemoved));
        foreach (Phone phone in bob.Devices)
        {
            phone.Join(commit);
        }

        AssertTalk(Present(alice, bob, carol));
        Assert.Equal(GroupRole.Member, carol["phone"].Chat.Data.RoleOf("bob"));
    }

    private static IReadOnlyList<GroupDuty> Duties(Phone phone) => phone.Chat.Duties(phone.Clock.Now, GroupSchedule.Default);
}
