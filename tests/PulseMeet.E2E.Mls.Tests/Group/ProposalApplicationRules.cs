using static PulseMeet.E2E.Mls.Tests.Members;
using static PulseMeet.E2E.Mls.Tests.Rules;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>RFC 9420, section 12.3: the order in which proposals are applied.</summary>
public sealed class ProposalApplicationRules
{
    [Fact]
    public void New_extensions_hold_for_the_adds_beside_them_wherever_they_stand()
    {
        Member[] all = Of([new Member("Alice", extensions: [0xf100]), new Member("Bob", extensions: [0xf100])]);
        var unable = new AddProposal(new Member("Carol").NewKeyPackage(Leaves.Suite).KeyPackage);
        var able = new AddProposal(new Member("Dave", extensions: [0xf100]).NewKeyPackage(Leaves.Suite).KeyPackage);
        var extensions = new GroupContextExtensionsProposal([new RequiredCapabilities([0xf100], [], []).ToExtension()]);
        AssertListRefused(E2EError.MlsInvalidLeaf, all, unable, extensions);
        Commit(all, all[0], able, extensions);
        AssertAgree(all);
        Assert.NotNull(all[1].Group.View.Context.Extensions.Find(ExtensionType.RequiredCapabilities));

        // A new list replaces the old one whole.
        Commit(all, all[1], new GroupContextExtensionsProposal([]));
        Assert.Empty(all[0].Group.View.Context.Extensions);
    }

    [Fact]
    public void Removes_make_room_for_the_adds_in_front_of_them_and_adds_go_left_to_right()
    {
        Member[] all = Of(4);
        Proposal Add(string name) => new AddProposal(new Member(name).NewKeyPackage(Leaves.Suite).KeyPackage);
        Commit(all, all[3], Add("Xenia"), new RemoveProposal(0), Add("Yves"), new RemoveProposal(2), Add("Zoe"));
        AssertAgree(all[1], all[3]);
        string[] names = [.. all[1].Epoch.Tree.Members().Select(member => NamedClients.Name(member.Leaf))];
        Assert.Equal(["Xenia", "Bob", "Yves", "Dave", "Zoe"], names);
    }

    [Fact]
    public void A_tree_gets_smaller_when_its_right_half_is_empty()
    {
        Member[] all = Of(5);
        Assert.Equal(8u, all[0].Epoch.Tree.LeafCount);
        Commit(all, all[0], new RemoveProposal(4));
        Assert.Equal(4u, all[0].Epoch.Tree.LeafCount);
        Commit(all[..4], all[1], new RemoveProposal(2), new RemoveProposal(3));
        Assert.Equal(2u, all[0].Epoch.Tree.LeafCount);
        AssertTalk(all[..2]);
    }

    [Fact]
    public void An_updated_member_goes_on_with_its_new_key_though_its_path_is_blank()
    {
        Member[] all = Of(4);
        Array.ForEach(all, member => Commit(all, member));
        byte[] update = all[2].Group.ProposeUpdate(format: WireFormat.PublicMessage);
        Deliver([all[0], all[1], all[3]], update);
        Commit(all, all[0]);
        Assert.True(all[0].Epoch.Tree.IsBlank(5));
        Commit(all, all[3]);
        AssertTalk(all);
    }

    [Fact]
    public void Pre_shared_keys_enter_in_the_order_of_their_proposals()
    {
        Member[] all = Of(2);
        foreach (Member member in all)
        {
            member.HoldPsk("first", "1");
            member.HoldPsk("second", "2");
        }

        Commit(
            all,
            all[0],
            new PreSharedKeyProposal(PreSharedKeyId.External(Leaves.Suite, "second"u8)),
            new AddProposal(new Member("Eve").NewKeyPackage(Leaves.Suite).KeyPackage),
            new PreSharedKeyProposal(PreSharedKeyId.External(Leaves.Suite, "first"u8)));
        AssertAgree(all);
    }

    [Fact]
    public void A_commit_covers_the_received_proposals_that_fit_together()
    {
        Member[] all = Of(5);
        Member committer = all[0];
        Proposal dave = new AddProposal(new Member("New").NewKeyPackage(Leaves.Suite).KeyPackage);
        Proposal daveAgain = new AddProposal(new Member("New").NewKeyPackage(Leaves.Suite).KeyPackage);
        void Send(Member from, byte[] message) => Deliver([.. all.Where(member => member != from)], message);
        Send(all[1], all[1].Group.ProposeUpdate());
        Send(all[2], all[2].Group.Propose(new RemoveProposal(1)));
        Send(all[2], all[2].Group.Propose(new RemoveProposal(0)));
        Send(all[3], all[3].Group.Propose(dave));
        Send(all[4], all[4].Group.Propose(daveAgain));
        Send(all[4], all[4].Group.Propose(new ReInitProposal([1], 1, 1, [])));
        Send(all[4], all[4].Group.Propose(new GroupContextExtensionsProposal([])));
        Send(all[3], all[3].Group.Propose(new GroupContextExtensionsProposal([])));
        Commit(all, committer);
        CommitView commit = all[2].Policy.Judged[^1];
        Assert.Equal(
            [ProposalType.Remove, ProposalType.Add, ProposalType.GroupContextExtensions],
            commit.Proposals.Select(entry => entry.Proposal.Type));
        Assert.True(all[1].Group.IsRemoved);
        AssertAgree(all[0], all[2], all[3], all[4]);
    }
}
