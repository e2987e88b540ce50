using PulseMeet.E2E.Groups;
using static PulseMeet.E2E.Mls.Tests.Groups.Chats;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>Rotation and removal by time and by count: what a member proposes, and that nobody's clock or list decides what is valid.</summary>
public sealed class PulseUpkeep
{
    [Fact]
    public void A_device_renews_its_keys_after_30_days_after_1000_messages_and_at_once_on_suspicion()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone phone = alice["laptop"];
        Assert.Empty(Duties(phone));
        phone.Clock.Now += TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1);
        Assert.Empty(Duties(phone));
        phone.Clock.Now += TimeSpan.FromSeconds(1);
        Do(all, phone, GroupDutyReason.Age);
        for (int i = 0; i < 1000; i++)
        {
            Assert.Empty(Duties(phone));
            phone.Seal("message");
        }

        phone.Restart();
        Do(all, phone, GroupDutyReason.Messages);
        phone.Chat.Suspect();
        phone.Restart();
        Do(all, phone, GroupDutyReason.Suspicion);
        AssertTalk(all);
    }

    [Fact]
    public void Who_joined_commits_within_a_day_each_at_its_own_moment_so_that_the_tree_fills()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        var due = new HashSet<int>();
        foreach (Phone phone in all.Where(phone => phone != alice["laptop"]))
        {
            int hours = 0;
            while (Duties(phone, TimeSpan.FromHours(hours)).Count == 0)
            {
                hours++;
            }

            Assert.InRange(hours, 0, 24);
            due.Add(hours);
        }

        Assert.True(due.Count > 1);
        foreach (Phone phone in all.Where(phone => phone != alice["laptop"]))
        {
            foreach (Phone other in all)
            {
                other.Clock.Now = all[0].Clock.Now + TimeSpan.FromDays(1);
            }

            Do(all, phone, GroupDutyReason.FirstUpdate);
        }

        Assert.Equal(0, Enumerable.Range(0, 4).Count(parent => all[0].Epoch.Tree.Parent((uint)(2 * parent) + 1) is { UnmergedLeaves.Count: > 0 }));
        AssertTalk(all);
    }

    [Fact]
    public void A_device_that_is_silent_for_90_days_is_proposed_to_go_by_those_who_may_and_stays_if_it_woke_up()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        foreach (Account account in new[] { alice, bob, carol })
        {
            account.Clock.Now += TimeSpan.FromDays(50);
        }

        foreach (Phone phone in all.Where(phone => phone != bob["laptop"]))
        {
            Commit(all, phone, new UpdateIntent());
        }

        foreach (Account account in new[] { alice, bob, carol })
        {
            account.Clock.Now += TimeSpan.FromDays(45);
        }

        GroupDuty duty = Duties(alice["phone"]).Single(duty => duty.Reason == GroupDutyReason.Silence);
        Assert.Single(Duties(bob["phone"]), other => other.Reason == GroupDutyReason.Silence);
        Assert.DoesNotContain(Duties(carol["phone"]), other => other.Reason == GroupDutyReason.Silence);

        // It wakes up just then: there is nothing left to do.
        GroupIntent late = Duties(bob["phone"]).Single(other => other.Reason == GroupDutyReason.Silence).Intent;
        Commit(all, bob["laptop"], new UpdateIntent());
        Assert.Null(alice["phone"].Chat.Prepare(duty.Intent));
        Assert.Null(bob["phone"].Chat.Prepare(late));

        // And after all it sleeps on.
        foreach (Account account in new[] { alice, bob, carol })
        {
            account.Clock.Now += TimeSpan.FromDays(91);
        }

        Commit(all, alice["phone"], new UpdateIntent());
        duty = Duties(alice["phone"]).First(other => other.Reason == GroupDutyReason.Silence
            && other.Intent is RemoveDeviceIntent { Device.UserId: "bob", Device.DeviceId: "laptop" });
        Commit(all, alice["phone"], duty.Intent);
        Assert.True(bob["laptop"].Chat.IsRemoved);
        using ExternalJoin back = bob["laptop"].Rejoin(alice["phone"], bob["laptop"].Chat);
        Assert.All(Present(alice, bob, carol), phone => Assert.Equal(0, phone.Take(back.Commit.Commit).Taken));
        bob["laptop"].Chat = back.Begin(bob["laptop"].Device, bob.Clock);
        AssertTalk(Present(alice, bob, carol));
    }

    [Fact]
    public void A_clock_that_was_ten_years_ahead_and_is_set_back_stops_no_rotation()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone phone = alice["laptop"];
        phone.Clock.Now += TimeSpan.FromDays(3650);
        Commit(all, phone, new UpdateIntent());
        phone.Clock.Now -= TimeSpan.FromDays(3650);
        Assert.Empty(Duties(phone));
        phone.Clock.Now += TimeSpan.FromDays(30);
        Do(all, phone, GroupDutyReason.Age);
    }

    [Fact]
    public void Members_with_other_clocks_and_other_lists_judge_every_commit_alike()
    {
        // Attack 21a. Bob's clock is years behind, Carol's years ahead; Dave's certificate and key package run out; Carol has a newer
        // list of Dave's than the committer, in which his phone is gone.
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        var dave = new Account("dave", "laptop", "phone");
        Invitee invited = Invite(dave);
        bob.Clock.Now -= TimeSpan.FromDays(3650);
        carol.Clock.Now += TimeSpan.FromDays(7300);
        PreparedCommit commit = alice["phone"].Chat.Prepare(new BringIntent([invited]))!;
        dave.RemoveDevice("phone");
        GroupIntent newer = carol["phone"].Chat.Follow(dave.List.Encode(), []) ?? new UpdateIntent();
        Assert.IsType<UpdateIntent>(newer);
        Assert.All(all, phone => Assert.Equal(0, phone.Take(commit.Commit).Taken));
        AssertAgree(all);

        // What Carol knows leads to a commit, which all take.
        Commit(all, carol["phone"], carol["phone"].Chat.Follow(dave.List.Encode(), [])!);
        Assert.All(all, phone => Assert.Single(phone.Chat.Roster.Find("dave")!.Devices));
        AssertTalk(all);
    }

    [Fact]
    public void A_renewed_list_that_changes_no_device_is_taken_and_the_leaves_stay()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        bob.Clock.Now += TimeSpan.FromDays(7);
        bob.Sign();
        Do(all, bob["phone"], GroupDutyReason.OwnList);
        Assert.All(all, phone => Assert.Equal(bob.List.Number, phone.Chat.Lists.Find("bob")!.Number));
        AssertTalk(all);
    }

    [Fact]
    public void A_device_that_knows_that_it_was_rolled_back_commits_before_it_sends()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        bob["phone"].Chat.MarkRolledBack();
        bob["phone"].Restart();
        Assert.Equal(E2EError.MlsCommitRequired, Assert.Throws<E2EException>(() => bob["phone"].Seal("again")).Reason);
        Commit(all, alice["phone"], new UpdateIntent());
        Assert.Equal(E2EError.MlsCommitRequired, Assert.Throws<E2EException>(() => bob["phone"].Seal("again")).Reason);
        Do(all, bob["phone"], GroupDutyReason.Suspicion);
        AssertTalk(all);
    }

    private static IReadOnlyList<GroupDuty> Duties(Phone phone, TimeSpan later = default) =>
        phone.Chat.Duties(phone.Clock.Now + later, GroupSchedule.Default);

    private static void Do(Phone[] all, Phone phone, GroupDutyReason reason)
    {
        GroupDuty duty = Duties(phone)[0];
        Assert.Equal(reason, duty.Reason);
        Commit(all, phone, duty.Intent);
        Assert.DoesNotContain(Duties(phone), other => other.Reason == reason);
    }
}
