using static PulseMeet.E2E.Mls.Tests.Members;
using static PulseMeet.E2E.Mls.Tests.Rules;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>RFC 9420, section 12.2: each rule of the proposals of a commit, broken.</summary>
public sealed class ProposalListRules
{
    [Fact]
    public void Rule_1_each_proposal_is_valid_by_itself()
    {
        Member[] all = Of(3);
        MlsSuite suite = Leaves.Suite;

        // 12.1.3: a blank leaf, and one beyond the tree.
        foreach (uint nobody in new uint[] { 3, 4, 4000, uint.MaxValue })
        {
            AssertListRefused(E2EError.MlsInvalidProposal, all, new Forged
            {
                Proposals = [Forged.Own(all[0], new RemoveProposal(nobody))],
                Applied = [Forged.Own(all[0], new RemoveProposal(1))],
            });
        }

        // 12.1.4: the usages of a new group's first commit, and the nonce's length.
        foreach (ResumptionUsage usage in new[] { ResumptionUsage.ReInit, ResumptionUsage.Branch })
        {
            AssertListRefused(E2EError.MlsInvalidProposal, all, new PreSharedKeyProposal(
                PreSharedKeyId.Resumption(suite, usage, all[0].Group.GroupId, 1)));
        }

        AssertListRefused(
            E2EError.MlsInvalidProposal, all, new PreSharedKeyProposal(PreSharedKeyId.External("id"u8.ToArray(), new byte[31])));

        // 12.1.5: a lower version.
        AssertListRefused(E2EError.MlsInvalidProposal, all, new ReInitProposal([1], 0, 1, []));

        // 12.1.7: malformed extensions.
        AssertListRefused(E2EError.InvalidEncoding, all, new Forged
        {
            Proposals = [Forged.Own(all[0], new GroupContextExtensionsProposal([new Extension(ExtensionType.RequiredCapabilities, [9])]))],
        });
    }

    [Fact]
    public void Rule_1_what_a_new_requirement_demands_all_members_have()
    {
        Member[] all = Of(3);
        var required = new GroupContextExtensionsProposal([new RequiredCapabilities([0xf100], [], []).ToExtension()]);
        AssertListRefused(E2EError.MlsInvalidLeaf, all, required);
        AssertListRefused(E2EError.MlsInvalidLeaf, all, new GroupContextExtensionsProposal([new Extension(0xf100, [])]));
    }

    [Fact]
    public void Rule_2_the_committer_does_not_update_itself()
    {
        Member[] all = Of(3);
        var update = new UpdateProposal(Leaves.Leaf(all[0], LeafNodeSource.Update));
        AssertListRefused(E2EError.MlsInvalidCommit, all, update);

        // Nor by reference.
        Deliver(all, Propose(all[0], update));
        AssertRefused(
            E2EError.MlsInvalidCommit, all, all[0], new Forged { Proposals = [Committed(all[1], update)] }.By(all[0]));
    }

    [Fact]
    public void Rule_3_the_committer_does_not_remove_itself()
    {
        Member[] all = Of(3);
        AssertListRefused(E2EError.MlsInvalidCommit, all, new Forged
        {
            Proposals = [Forged.Own(all[0], new RemoveProposal(0))],
            Applied = [Forged.Own(all[0], new RemoveProposal(1))],
        });
    }

    [Fact]
    public void Rule_4_no_leaf_is_updated_or_removed_twice()
    {
        Member[] all = Of(4);
        AssertListRefused(E2EError.MlsInvalidCommit, all, new RemoveProposal(1), new RemoveProposal(1));
        var update = new UpdateProposal(Leaves.Leaf(all[1], LeafNodeSource.Update));
        var second = new UpdateProposal(Leaves.Leaf(all[1], LeafNodeSource.Update));
        foreach (UpdateProposal proposal in new[] { update, second })
        {
            Deliver([all[0], all[2], all[3]], Propose(all[1], proposal));
        }

        AssertRefused(E2EError.MlsInvalidCommit, all[2..], all[2], new Forged
        {
            Proposals = [Committed(all[2], update), Committed(all[2], second)],
        }.By(all[2]));
        AssertRefused(E2EError.MlsInvalidCommit, all[2..], all[2], new Forged
        {
            Proposals = [Committed(all[2], update), Forged.Own(all[2], new RemoveProposal(1))],
        }.By(all[2]));
    }

    [Fact]
    public void Rule_5_no_client_is_added_twice()
    {
        Member[] all = Of(3);
        AssertListRefused(
            E2EError.MlsInvalidCommit,
            all,
            new AddProposal(new Member("Dave").NewKeyPackage(Leaves.Suite).KeyPackage),
            new AddProposal(new Member("Dave").NewKeyPackage(Leaves.Suite).KeyPackage));
    }

    [Fact]
    public void Rule_6_no_client_is_added_that_is_there_unless_it_is_removed_too()
    {
        Member[] all = Of(3);
        var again = new Member("Carol");
        KeyPackageKeys keys = again.NewKeyPackage(Leaves.Suite);
        AssertListRefused(E2EError.MlsInvalidCommit, all, new AddProposal(keys.KeyPackage));
        PendingCommit commit = all[0].Group.CreateCommit(new CommitRequest
        {
            Proposals = [new RemoveProposal(2), new AddProposal(keys.KeyPackage)],
            TreeInWelcome = true,
        });
        Deliver(all, commit.Commit);
        again.Join(commit.Welcomes[0].Message, keys);
        AssertTalk(all[0], all[1], again);
    }

    [Fact]
    public void Rule_7_no_pre_shared_key_is_there_twice()
    {
        Member[] all = Of(3);
        Array.ForEach(all, member => member.HoldPsk("id", "key"));
        var psk = new PreSharedKeyProposal(PreSharedKeyId.External(Leaves.Suite, "id"u8));
        AssertListRefused(E2EError.MlsInvalidCommit, all, psk, psk);
    }

    [Fact]
    public void Rule_8_the_extensions_are_changed_once()
    {
        Member[] all = Of(3);
        AssertListRefused(
            E2EError.MlsInvalidCommit, all, new GroupContextExtensionsProposal([]), new GroupContextExtensionsProposal([]));
    }

    [Fact]
    public void Rule_9_a_re_initialisation_is_alone()
    {
        Member[] all = Of(3);
        AssertListRefused(
            E2EError.MlsInvalidCommit, all, new ReInitProposal([1], 1, 1, []), new RemoveProposal(1));
    }

    [Fact]
    public void Rule_10_no_member_makes_an_external_init()
    {
        Member[] all = Of(3);
        AssertListRefused(E2EError.MlsInvalidCommit, all, new ExternalInitProposal(new byte[32]));
        AssertRefused(E2EError.MlsInvalidProposal, all, all[0], Propose(all[0], new ExternalInitProposal(new byte[32])));
    }

    [Fact]
    public void Rule_11_all_who_process_a_commit_support_its_proposals()
    {
        var able = new ushort[] { 0xf200 };
        Member[] all = Of([new Member("Alice", proposals: able), new Member("Bob", proposals: able), new Member("Carol")]);
        var own = new PrivateProposal(0xf200, [1]);
        AssertListRefused(E2EError.MlsInvalidCommit, all, own);

        // Whoever is removed by it need not.
        Commit(all, all[0], own, new RemoveProposal(2));
        AssertTalk(all[..2]);
        Assert.Contains(all[1].Policy.Judged[^1].Proposals, entry => entry.Proposal is PrivateProposal { Data: [1] });
        Commit(all[..2], all[1], own);
    }

    [Fact]
    public void Rule_12_the_policy_judges_the_outcome_before_anything_changes()
    {
        Member[] all = Of(3);
        foreach (Member member in all)
        {
            member.Policy.Commits = commit =>
            {
                if (commit.Removed.Count > 0 && NamedClients.Name(commit.CommitterLeaf) != "Bob")
                {
                    throw new E2EException(E2EError.MlsRefusedByPolicy, "Bob alone removes.");
                }
            };
        }

        AssertListRefused(E2EError.MlsRefusedByPolicy, all, new RemoveProposal(2));
        Commit(all, all[1], new RemoveProposal(2));
        AssertTalk(all[..2]);
    }

    [Fact]
    public void An_external_list_has_exactly_one_external_init()
    {
        Member[] all = Of(3);
        var joiner = new Member("Joiner");
        var sender = new Sender(SenderType.NewMemberCommit, 0);
        AssertRefused(E2EError.MlsInvalidCommit, all, joiner, new Forged().By(joiner.Client, all[0].Epoch, withInit: false));
        AssertRefused(E2EError.MlsInvalidCommit, all, joiner, new Forged
        {
            Proposals = [new CommittedProposal(new ExternalInitProposal(new byte[32]), sender, null)],
            Applied = [],
        }.By(joiner.Client, all[0].Epoch));
        AssertRefused(E2EError.MlsInvalidCommit, all, joiner, new Forged
        {
            Proposals = [new CommittedProposal(new ExternalInitProposal(new byte[32]), sender, null)],
            Applied = [],
        }.By(joiner.Client, all[0].Epoch, withInit: false));
    }

    [Fact]
    public void An_external_list_has_one_remove_at_most_and_of_the_joiners_own_old_leaf()
    {
        Member[] all = Of(4);
        var joiner = new Member("Carol");
        var sender = new Sender(SenderType.NewMemberCommit, 0);
        CommittedProposal Remove(uint leaf) => new(new RemoveProposal(leaf), sender, null);
        AssertRefused(
            E2EError.MlsInvalidCommit, all, joiner, new Forged { Proposals = [Remove(2), Remove(3)] }.By(joiner.Client, all[0].Epoch));
        AssertRefused(
            E2EError.MlsRefusedByPolicy, all, joiner, new Forged { Proposals = [Remove(3)] }.By(joiner.Client, all[0].Epoch));
        Deliver(all, new Forged { Proposals = [Remove(2)] }.By(joiner.Client, all[0].Epoch));
        Assert.True(all[2].Group.IsRemoved);
    }

    [Fact]
    public void An_external_list_has_no_other_proposals()
    {
        Member[] all = Of(3);
        var joiner = new Member("Joiner");
        var sender = new Sender(SenderType.NewMemberCommit, 0);
        foreach (Proposal proposal in new Proposal[]
        {
            new AddProposal(new Member("Dave").NewKeyPackage(Leaves.Suite).KeyPackage),
            new GroupContextExtensionsProposal([]),
            new ReInitProposal([1], 1, 1, []),
            new PrivateProposal(0xf200, []),
        })
        {
            AssertRefused(E2EError.MlsInvalidCommit, all, joiner, new Forged
            {
                Proposals = [new CommittedProposal(proposal, sender, null)],
                Applied = [],
            }.By(joiner.Client, all[0].Epoch));
        }
    }

    [Fact]
    public void An_external_commit_has_nothing_by_reference()
    {
        Member[] all = Of(3);
        var joiner = new Member("Joiner");
        var psk = new PreSharedKeyProposal(PreSharedKeyId.External(Leaves.Suite, "id"u8));
        Array.ForEach(all, member => member.HoldPsk("id", "key"));
        Deliver(all, Propose(all[0], psk));
        AssertRefused(E2EError.MlsInvalidCommit, all, joiner, new Forged
        {
            Proposals = [Committed(all[1], psk)],
            Applied = [],
        }.By(joiner.Client, all[0].Epoch));
    }
}
