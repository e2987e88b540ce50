using static PulseMeet.E2E.Mls.Tests.Members;
using static PulseMeet.E2E.Mls.Tests.Rules;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>RFC 9420, sections 12.4 and 12.4.2: each step of processing a commit, with what breaks it.</summary>
public sealed class CommitRules
{
    [Fact]
    public void A_forged_commit_that_breaks_nothing_is_taken()
    {
        Member[] all = Of(4);
        Deliver(all[1..], new Forged().By(all[0]));
        AssertAgree(all[1..]);

        // Of a joiner too.
        Member[] others = Of(3);
        var joiner = new Member("Joiner");
        Deliver(others, new Forged().By(joiner.Client, others[0].Epoch));
        AssertAgree(others);
    }

    [Fact]
    public void Step_1_a_commit_is_for_the_current_epoch_and_the_group()
    {
        Member[] all = Of(3);
        byte[] old = new Forged().By(all[0]);
        Commit(all, all[1]);
        AssertRefused(E2EError.MlsWrongEpoch, all, all[0], old);
        AssertRefused(E2EError.MlsWrongEpoch, all, all[0], new Forged { Epoch = all[0].Group.Epoch + 1 }.By(all[0]));
        AssertRefused(E2EError.MlsWrongGroup, all, all[0], new Forged { GroupId = [1, 2] }.By(all[0]));
        Member[] others = Of(3);
        AssertRefused(E2EError.MlsWrongGroup, all, all[0], new Forged().By(others[0]));
    }

    [Fact]
    public void Step_2_a_changed_byte_anywhere_in_a_public_or_a_private_commit_is_refused()
    {
        foreach (WireFormat format in new[] { WireFormat.PublicMessage, WireFormat.PrivateMessage })
        {
            Member[] all = Of(3);
            byte[] commit = new Forged { Format = format }.By(all[0]);
            (byte[] epochs, byte[] ratchets) = State(all[1]);
            for (int i = 0; i < commit.Length; i++)
            {
                byte[] changed = [.. commit];
                changed[i] ^= 1;
                Assert.Throws<E2EException>(() => all[1].Group.Receive(changed));
            }

            Assert.Equal(epochs, all[1].Group.SerializeEpochs());
            Assert.Equal(ratchets, all[1].Group.SerializeRatchets());
            all[1].Group.Receive(commit);
        }
    }

    [Fact]
    public void Step_2_a_members_public_message_has_the_membership_tag_of_the_epoch()
    {
        Member[] all = Of(3);
        PublicMessage commit = MlsMessage.Decode<PublicMessage>(new Forged().By(all[0]));
        foreach (byte[] tag in new byte[][] { [], new byte[32], [.. commit.MembershipTag!, 0] })
        {
            AssertRefused(
                E2EError.NotAuthentic,
                all,
                all[0],
                MlsMessage.Encode(WireFormat.PublicMessage, new PublicMessage(commit.Content, tag)));
        }
    }

    [Fact]
    public void Step_3_a_commit_is_signed_by_the_one_whom_it_names()
    {
        Member[] all = Of(3);
        AssertRefused(E2EError.NotAuthentic, all, all[0], new Forged { Signer = all[1].Key }.By(all[0]));
        AssertRefused(E2EError.NotAuthentic, all, all[0], new Forged { From = Sender.Member(1) }.By(all[0]));
        AssertRefused(E2EError.NotAuthentic, all, all[0], new Forged { From = Sender.Member(77) }.By(all[0]));
        AssertRefused(
            E2EError.NotAuthentic, all, all[0], new Forged { From = new Sender(SenderType.External, 0) }.By(all[0]));
        AssertRefused(
            E2EError.NotAuthentic, all, all[0], new Forged { From = new Sender(SenderType.NewMemberProposal, 0) }.By(all[0]));
    }

    [Fact]
    public void Step_4_a_commit_names_no_proposal_that_has_not_come()
    {
        Member[] all = Of(3);
        AssertRefused(
            E2EError.MlsUnknownProposal,
            all,
            all[0],
            new Forged { Entries = _ => [new ProposalOrRef(new byte[32])] }.By(all[0]));

        // A proposal of the last epoch is gone.
        byte[] proposal = all[1].Group.Propose(new RemoveProposal(2));
        Deliver([all[0], all[2]], proposal);
        CommittedProposal old = Committed(all[0], all[0].Group.Proposals[0].Proposal);
        PendingCommit without = all[0].Group.CreateCommit(new CommitRequest { CoverReceived = false });
        Deliver(all, without.Commit);
        AssertRefused(
            E2EError.MlsUnknownProposal, all, all[0], new Forged { Proposals = [old] }.By(all[0]));
    }

    [Fact]
    public void Step_5_every_pre_shared_key_is_at_hand()
    {
        Member[] all = Of(3);
        AssertRefused(
            E2EError.MlsUnknownPsk,
            all,
            all[0],
            Forged.Commit(all[0], new PreSharedKeyProposal(PreSharedKeyId.External(Leaves.Suite, "nobody has it"u8))));
        AssertRefused(
            E2EError.MlsUnknownPsk,
            all,
            all[0],
            Forged.Commit(all[0], new PreSharedKeyProposal(
                PreSharedKeyId.Resumption(Leaves.Suite, ResumptionUsage.Application, all[0].Group.GroupId, 1000))));
    }

    [Fact]
    public void Step_7_a_commit_that_needs_a_path_has_one()
    {
        Member[] all = Of(4);
        byte[] WithoutPath(params Proposal[] proposals) => new Forged
        {
            Proposals = [.. proposals.Select(proposal => Forged.Own(all[0], proposal))],
            WithPath = false,
        }.By(all[0]);

        // An empty one, a Remove, an Update, new extensions, a private proposal, an external commit.
        AssertRefused(E2EError.MlsInvalidCommit, all, all[0], WithoutPath());
        AssertRefused(E2EError.MlsInvalidCommit, all, all[0], WithoutPath(new RemoveProposal(3)));
        AssertRefused(E2EError.MlsInvalidCommit, all, all[0], WithoutPath(new GroupContextExtensionsProposal([])));
        var update = new UpdateProposal(Leaves.Leaf(all[1], LeafNodeSource.Update));
        Member[] others = [all[0], all[2], all[3]];
        Deliver(others, Propose(all[1], update));
        AssertRefused(E2EError.MlsInvalidCommit, others, all[0], new Forged
        {
            Proposals = [Committed(all[2], update)],
            WithPath = false,
        }.By(all[0]));
        var joiner = new Member("Joiner");
        AssertRefused(
            E2EError.NotAuthentic, all, joiner, new Forged { WithPath = false }.By(joiner.Client, all[0].Epoch));
    }

    [Fact]
    public void Step_7_an_add_needs_no_path()
    {
        Member[] all = Of(3);
        var dave = new Member("Dave");
        KeyPackageKeys keys = dave.NewKeyPackage(Leaves.Suite);
        PendingCommit commit = all[0].Group.CreateCommit(new CommitRequest
        {
            Proposals = [new AddProposal(keys.KeyPackage)],
            WithPath = false,
            TreeInWelcome = true,
        });
        Deliver(all, commit.Commit);
        dave.Join(commit.Welcomes[0].Message, keys);
        AssertTalk([.. all, dave]);
        Commit([.. all, dave], dave);
        AssertTalk([.. all, dave]);
    }

    [Fact]
    public void Step_8_no_key_of_a_path_is_in_the_tree_or_twice_in_the_path_or_malformed()
    {
        Member[] all = Of(4);
        Commit(all, all[2]);
        byte[] known = all[0].Epoch.Tree.Leaf(3)!.EncryptionKey;
        byte[] above = all[0].Epoch.Tree.EncryptionKey(5)!;
        foreach (byte[] key in new[] { known, above, new byte[32], new byte[33] })
        {
            AssertRefused(
                E2EError.MlsInvalidCommit, all, all[0], new Forged { Keys = path => [key, path.Nodes[1].EncryptionKey] }.By(all[0]));
        }

        AssertRefused(E2EError.MlsInvalidCommit, all, all[0], new Forged
        {
            Keys = path => [path.Nodes[1].EncryptionKey, path.Nodes[1].EncryptionKey],
        }.By(all[0]));
        AssertRefused(E2EError.MlsInvalidCommit, all, all[0], new Forged
        {
            Keys = path => [path.Nodes[0].EncryptionKey, path.Leaf.EncryptionKey],
        }.By(all[0]));
    }

    [Fact]
    public void Step_8_a_path_has_a_node_for_each_of_the_filtered_direct_path_and_a_ciphertext_for_each_recipient()
    {
        Member[] all = Of(4);
        UpdatePathNode Copy(UpdatePathNode node, int count) => new(
            node.EncryptionKey, [.. Enumerable.Range(0, count).Select(i => node.EncryptedPathSecrets[i % node.EncryptedPathSecrets.Count])]);
        Func<UpdatePath, UpdatePathNode[]>[] breaches =
        [
            path => [.. path.Nodes.Skip(1)],
            path => [.. path.Nodes.SkipLast(1)],
            path => [],
            path => [.. path.Nodes, new UpdatePathNode(Leaves.Suite.GenerateKeyPair().PublicKey, [.. path.Nodes[0].EncryptedPathSecrets])],
            path => [Copy(path.Nodes[0], 0), .. path.Nodes.Skip(1)],
            path => [Copy(path.Nodes[0], 2), .. path.Nodes.Skip(1)],
            path => [path.Nodes[0], Copy(path.Nodes[1], 1)],
            path => [path.Nodes[0], Copy(path.Nodes[1], 3)],
        ];
        foreach (Func<UpdatePath, UpdatePathNode[]> breach in breaches)
        {
            AssertRefused(E2EError.MlsInvalidCommit, all, all[0], new Forged
            {
                Path = path => new UpdatePath(path.Leaf, breach(path)),
            }.By(all[0]));
        }
    }

    [Fact]
    public void Step_8_the_paths_leaf_has_the_parent_hash_of_the_path()
    {
        Member[] all = Of(4);
        foreach (byte[] hash in new byte[][] { [], new byte[32] })
        {
            AssertRefused(E2EError.MlsInvalidCommit, all, all[0], new Forged
            {
                Leaf = leaf => Leaves.Leaf(all[0], LeafNodeSource.Commit, parentHash: hash, encryptionKey: leaf.EncryptionKey),
            }.By(all[0]));
        }

        AssertRefused(E2EError.MlsInvalidCommit, all, all[0], new Forged
        {
            Path = path => Replace(path, 1, Leaves.Suite.GenerateKeyPair().PublicKey),
        }.By(all[0]));
    }

    [Fact]
    public void Step_8_a_path_that_does_not_open_names_the_committer_and_changes_nothing()
    {
        Member[] all = Of(4);
        byte[] commit = new Forged
        {
            // Those on the right get a secret that leads to other keys than were sent; Bob's is right.
            Path = path => new UpdatePath(
                path.Leaf,
                [
                    path.Nodes[0],
                    new UpdatePathNode(
                        path.Nodes[1].EncryptionKey,
                        [.. path.Nodes[1].EncryptedPathSecrets.Select(sealedSecret => new HpkeCiphertext(
                            sealedSecret.KemOutput, [.. sealedSecret.Ciphertext.Select(b => (byte)(b ^ 1))]))]),
                ]),
        }.By(all[0]);
        foreach (Member member in all[2..])
        {
            (byte[] epochs, byte[] ratchets) = State(member);
            E2EException refusal = Assert.Throws<E2EException>(() => member.Group.Receive(commit));
            Assert.Equal(E2EError.MlsPathUnreadable, refusal.Reason);
            Assert.Equal(0u, refusal.Data["mls.committer"]);
            Assert.Equal(epochs, member.Group.SerializeEpochs());
            Assert.Equal(ratchets, member.Group.SerializeRatchets());
        }
    }

    [Fact]
    public void Step_12_an_external_init_that_does_not_open_is_refused()
    {
        Member[] all = Of(3);
        var joiner = new Member("Joiner");
        AssertRefused(E2EError.MlsInvalidCommit, all, joiner, new Forged
        {
            Entries = _ => [new ProposalOrRef(new ExternalInitProposal(new byte[32]))],
        }.By(joiner.Client, all[0].Epoch));
        AssertRefused(E2EError.MlsInvalidCommit, all, joiner, new Forged
        {
            Entries = _ => [new ProposalOrRef(new ExternalInitProposal(new byte[31]))],
        }.By(joiner.Client, all[0].Epoch));
    }

    [Fact]
    public void Step_13_the_confirmation_tag_is_that_of_the_new_epoch()
    {
        Member[] all = Of(3);
        foreach (Func<byte[], byte[]> change in new Func<byte[], byte[]>[]
        {
            tag => [], tag => [.. tag, 0], tag => [.. tag[..^1]], tag => [(byte)(tag[0] ^ 0x80), .. tag[1..]],
        })
        {
            AssertRefused(E2EError.MlsInvalidCommit, all, all[0], new Forged { Tag = change }.By(all[0]));
        }
    }

    [Fact]
    public void A_commit_of_ones_own_that_is_not_the_pending_one_is_refused()
    {
        Member[] all = Of(3);
        byte[] copy = new Forged().By(all[0]);
        (byte[] epochs, _) = State(all[0]);
        E2EException refusal = Assert.Throws<E2EException>(() => all[0].Group.Receive(copy));
        Assert.Equal((E2EError.MlsPathUnreadable, 0u), (refusal.Reason, refusal.Data["mls.committer"]));
        Assert.Equal(epochs, all[0].Group.SerializeEpochs());
    }

    [Fact]
    public void An_external_commits_leaf_is_signed_for_the_place_that_it_takes()
    {
        Member[] all = Of(3);
        var joiner = new Member("Joiner");
        AssertRefused(E2EError.MlsInvalidLeaf, all, joiner, new Forged
        {
            Leaf = leaf => LeafNode.Sign(
                Leaves.Suite,
                leaf.Content,
                LeafNodeSource.Commit,
                default,
                leaf.ParentHash,
                new LeafPlace(all[0].Group.GroupId, 9),
                joiner.Key),
        }.By(joiner.Client, all[0].Epoch));
        AssertRefused(
            E2EError.NotAuthentic, all, joiner, new Forged { Signer = all[1].Key }.By(joiner.Client, all[0].Epoch));
    }

    private static UpdatePath Replace(UpdatePath path, int index, byte[] key)
    {
        UpdatePathNode[] nodes = [.. path.Nodes];
        nodes[index] = new UpdatePathNode(key, [.. nodes[index].EncryptedPathSecrets]);
        return new UpdatePath(path.Leaf, nodes);
    }
}
