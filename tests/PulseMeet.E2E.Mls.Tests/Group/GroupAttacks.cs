using static PulseMeet.E2E.Mls.Tests.Members;
using static PulseMeet.E2E.Mls.Tests.Rules;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>What outsiders, the server, other members and thieves try.</summary>
public sealed class GroupAttacks
{
    [Fact]
    public void Nobody_but_a_member_changes_the_group_and_joiners_only_where_the_policy_lets_them()
    {
        Member[] all = Of(3);
        var outsider = new Member("Outsider");
        foreach (Member member in all)
        {
            member.Policy.Commits = commit =>
            {
                if (commit.IsExternal)
                {
                    throw new E2EException(E2EError.MlsRefusedByPolicy);
                }
            };
            member.Policy.Proposals = (_, sender, _) =>
            {
                if (sender.Type != SenderType.Member)
                {
                    throw new E2EException(E2EError.MlsRefusedByPolicy);
                }
            };
        }

        // An external commit, an Add of oneself, a proposal as an external sender where the group has none, and a commit that
        // says that it is a member's, with the outsider's signature and no key of the group.
        AssertRefused(
            E2EError.MlsRefusedByPolicy, all, outsider, new Forged().By(outsider.Client, all[0].Epoch));
        AssertRefused(
            E2EError.MlsRefusedByPolicy,
            all,
            outsider,
            ExternalProposal.Join(all[0].Epoch.Context, outsider.NewKeyPackage(Leaves.Suite)));
        AssertRefused(
            E2EError.NotAuthentic,
            all,
            outsider,
            ExternalProposal.Send(all[0].Epoch.Context, 0, new RemoveProposal(1), outsider.Key));
        AssertRefused(E2EError.NotAuthentic, all, outsider, new Forged { Signer = outsider.Key }.By(all[0]));
        MlsGroup own = MlsGroup.Create(Leaves.Suite, all[0].Group.GroupId.ToArray(), outsider.Client, [], outsider.Services);
        outsider.Group = own;
        AssertRefused(E2EError.MlsWrongEpoch, all, outsider, new Forged().By(outsider));
        AssertRefused(E2EError.NotAuthentic, all, outsider, new Forged { Epoch = all[0].Group.Epoch }.By(outsider));
    }

    [Fact]
    public void An_external_sender_of_the_group_proposes_what_it_may_and_nothing_else()
    {
        using var key = MlsSignatureKey.Generate();
        Extension senders = ExternalSender.ToExtension([new ExternalSender(key.PublicKey, Credential.Basic("Service"u8))]);
        Member[] all = Of([new Member("Alice"), new Member("Bob"), new Member("Carol")], extensions: [senders]);
        GroupContext context = all[0].Epoch.Context;
        using var other = MlsSignatureKey.Generate();
        AssertRefused(
            E2EError.NotAuthentic, all, null!, ExternalProposal.Send(context, 0, new RemoveProposal(2), other));
        AssertRefused(
            E2EError.NotAuthentic, all, null!, ExternalProposal.Send(context, 1, new RemoveProposal(2), key));
        var update = new UpdateProposal(Leaves.Leaf(all[1], LeafNodeSource.Update));
        AssertRefused(E2EError.MlsInvalidProposal, all, null!, ExternalProposal.Send(context, 0, update, key));
        Deliver(all, ExternalProposal.Send(context, 0, new RemoveProposal(2), key));
        Commit(all, all[0]);
        Assert.True(all[2].Group.IsRemoved);
        AssertTalk(all[..2]);
    }

    [Fact]
    public void A_new_member_asks_to_be_added_and_is_where_the_policy_lets_it()
    {
        Member[] all = Of(2);
        var joiner = new Member("Joiner");
        KeyPackageKeys keys = joiner.NewKeyPackage(Leaves.Suite);
        Deliver(all, ExternalProposal.Join(all[0].Epoch.Context, keys));
        PendingCommit commit = all[0].Group.CreateCommit(new CommitRequest { TreeInWelcome = true });
        Deliver(all, commit.Commit);
        joiner.Join(commit.Welcomes[0].Message, keys);
        AssertTalk([.. all, joiner]);
    }

    [Fact]
    public void A_member_who_writes_as_another_is_refused_though_it_has_every_ratchet()
    {
        Member[] all = Of(3);

        // Bob has Alice's ratchet: the keys are the group's. He lacks her signature key.
        EpochState bob = new Thief(all[1]).State.Current;
        foreach (uint claimed in new uint[] { 0, 2 })
        {
            var content = new FramedContent
            {
                GroupId = bob.Context.GroupId,
                Epoch = bob.Context.Epoch,
                Sender = Sender.Member(claimed),
                AuthenticatedData = [],
                ApplicationData = [1, 2, 3],
            };
            byte[] signature = AuthenticatedContent.Sign(
                bob.Suite, WireFormat.PrivateMessage, content, bob.Context.Encoded, bob.SignatureKey);
            byte[] forged = MlsMessage.Encode(WireFormat.PrivateMessage, MessageProtection.Seal(
                bob.Suite,
                new AuthenticatedContent(WireFormat.PrivateMessage, content, signature, null),
                bob.Secrets.SenderData,
                bob.Ratchets,
                0));
            AssertRefused(E2EError.NotAuthentic, all, all[1], forged);
        }

        AssertRefused(E2EError.NotAuthentic, all, all[1], Propose(all[1], new RemoveProposal(2), from: Sender.Member(0)));
        AssertRefused(
            E2EError.NotAuthentic, all, all[1], new Forged { From = Sender.Member(0), Format = WireFormat.PublicMessage }.By(all[1]));
        AssertTalk(all);
    }

    [Fact]
    public void A_message_a_commit_or_a_proposal_is_replayed_into_no_later_epoch_and_no_other_group()
    {
        Member[] all = Of(3);
        byte[] text = all[0].Seal("once");
        byte[] proposal = Propose(all[0], new RemoveProposal(2));
        byte[] commit = new Forged().By(all[0]);
        Assert.Equal("once", all[1].Read(text));
        Commit(all, all[1]);
        Refuses(E2EError.DuplicateMessage, () => all[1].Read(text));
        Assert.Equal("once", all[2].Read(text));
        AssertRefused(E2EError.MlsWrongEpoch, all, all[0], proposal);
        AssertRefused(E2EError.MlsWrongEpoch, all, all[0], commit);

        Member[] others = Of(3);
        foreach (byte[] message in new[] { text, proposal, commit })
        {
            AssertRefused(E2EError.MlsWrongGroup, others, null!, message);
        }
    }

    [Fact]
    public void Of_two_commits_for_one_epoch_the_first_wins_the_loser_rebases_and_a_split_shows()
    {
        Member[] all = Of(4);
        PendingCommit first = all[0].Group.CreateCommit(new CommitRequest { Proposals = [new RemoveProposal(3)] });
        PendingCommit second = all[1].Group.CreateCommit(new CommitRequest());
        Deliver(all, first.Commit);
        AssertAgree(all[..3]);
        Refuses(E2EError.MlsWrongEpoch, () => all[2].Group.Receive(second.Commit));
        Commit(all[..3], all[1]);
        AssertAgree(all[..3]);
        AssertTalk(all[..3]);

        // A server that shows each half another commit: the epochs have one number and two authenticators.
        PendingCommit left = all[0].Group.CreateCommit(new CommitRequest());
        PendingCommit right = all[1].Group.CreateCommit(new CommitRequest());
        all[0].Group.Receive(left.Commit);
        all[1].Group.Receive(right.Commit);
        all[2].Group.Receive(right.Commit);
        Assert.Equal(all[0].Group.Epoch, all[2].Group.Epoch);
        Assert.NotEqual(all[0].Group.EpochAuthenticator(), all[2].Group.EpochAuthenticator());
        AssertAgree(all[1..3]);
        Assert.Throws<E2EException>(() => all[0].Read(all[2].Seal("over the split")));
    }

    [Fact]
    public void A_group_info_of_an_epoch_that_is_over_lets_nobody_in()
    {
        Member[] all = Of(3);
        byte[] old = all[0].Group.GroupInfo(allowExternalJoin: true, withTree: true);
        Commit(all, all[1]);
        var joiner = new Member("Joiner");
        PendingCommit late = MlsGroup.JoinExternally(old, joiner.Client, _ => false, joiner.Services);
        AssertRefused(E2EError.MlsWrongEpoch, all, joiner, late.Commit);
    }

    [Fact]
    public void A_removed_member_opens_nothing_later_with_its_full_state()
    {
        Member[] all = Of(4);
        Array.ForEach(all, member => Commit(all, member));
        var thief = new Thief(all[3]);
        PendingCommit removal = all[0].Group.CreateCommit(new CommitRequest
        {
            Proposals = [new RemoveProposal(3)],
            Format = WireFormat.PublicMessage,
        });
        Deliver(all, removal.Commit);
        GroupContext provisional = all[1].Policy.Judged[^1].After.Context;
        Assert.False(thief.OpensPath(removal.Commit, provisional));
        for (int epoch = 0; epoch < 3; epoch++)
        {
            Assert.False(thief.Reads(all[0].Seal("after the removal")));
            PendingCommit next = all[1].Group.CreateCommit(new CommitRequest { Format = WireFormat.PublicMessage });
            Deliver(all[..3], next.Commit);
            Assert.False(thief.OpensPath(next.Commit, all[0].Policy.Judged[^1].After.Context));
            Assert.False(thief.Reads(all[2].Seal("and later")));
        }

        // What it was sent before it was removed it reads: the protection, not a broken thief, keeps the rest from it.
        Assert.True(all[3].Group.IsRemoved);
        Refuses(E2EError.MlsWrongEpoch, () => all[3].Read(all[0].Seal("after the removal")));
        Refuses(E2EError.MlsGroupClosed, () => all[3].Seal("I am still here"));
    }

    [Fact]
    public void A_member_that_stays_opens_the_path_and_the_messages_that_the_removed_one_does_not()
    {
        Member[] all = Of(4);
        var staying = new Thief(all[1]);
        byte[] before = all[0].Seal("before");
        Assert.True(staying.Reads(before));
        PendingCommit removal = all[0].Group.CreateCommit(new CommitRequest
        {
            Proposals = [new RemoveProposal(3)],
            Format = WireFormat.PublicMessage,
        });
        Deliver(all, removal.Commit);
        Assert.True(staying.OpensPath(removal.Commit, all[2].Policy.Judged[^1].After.Context));
    }

    [Fact]
    public void A_joiner_opens_nothing_earlier_with_its_full_state()
    {
        Member[] all = Of(3);
        byte[][] earlier = [all[0].Seal("one"), all[1].Seal("two")];
        Commit(all, all[2]);
        byte[] last = all[0].Seal("three");
        var joiner = new Member("Joiner");
        Add(all, [joiner]);
        var external = new Member("External");
        PendingCommit join = MlsGroup.JoinExternally(
            all[0].Group.GroupInfo(allowExternalJoin: true, withTree: true), external.Client, _ => false, external.Services);
        Deliver([.. all, joiner], join.Commit);
        external.Group = MlsGroup.Begin(join, external.Services);
        foreach (Member late in new[] { joiner, external })
        {
            var thief = new Thief(late);
            Assert.All(earlier, message => Assert.False(thief.Reads(message)));
            Assert.False(thief.Reads(last));
        }

        AssertTalk([.. all, joiner, external]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_stolen_state_opens_nothing_more_after_its_owners_next_update(bool byProposal)
    {
        Member[] all = Of(4);
        Array.ForEach(all, member => Commit(all, member));
        var thief = new Thief(all[1]);
        Assert.True(thief.Reads(all[0].Seal("the thief reads along")));

        if (byProposal)
        {
            byte[] update = all[1].Group.ProposeUpdate();
            Deliver([all[0], all[2], all[3]], update);
        }

        // From the other half of the tree: its path leaves the nodes above the stolen leaf as they are.
        Member healer = byProposal ? all[2] : all[1];
        PendingCommit healing = healer.Group.CreateCommit(new CommitRequest { Format = WireFormat.PublicMessage });
        Deliver(all, healing.Commit);
        Assert.False(thief.OpensPath(healing.Commit, all[3].Policy.Judged[^1].After.Context));
        Assert.False(thief.Reads(all[0].Seal("healed")));
        PendingCommit next = all[3].Group.CreateCommit(new CommitRequest { Format = WireFormat.PublicMessage });
        Deliver(all, next.Commit);
        Assert.False(thief.OpensPath(next.Commit, all[2].Policy.Judged[^1].After.Context));
        Assert.False(thief.Reads(all[1].Seal("still healed")));
        AssertTalk(all);
    }

    [Fact]
    public void Another_members_commit_does_not_heal_a_stolen_state()
    {
        Member[] all = Of(4);
        Array.ForEach(all, member => Commit(all, member));
        var thief = new Thief(all[1]);
        PendingCommit other = all[0].Group.CreateCommit(new CommitRequest { Format = WireFormat.PublicMessage });
        Deliver(all, other.Commit);
        Assert.True(thief.OpensPath(other.Commit, all[2].Policy.Judged[^1].After.Context));
    }
}
