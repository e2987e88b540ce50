using static PulseMeet.E2E.Mls.Tests.Members;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>What members of a group can do, in every suite.</summary>
public sealed class GroupLife
{
    public static TheoryData<int> Suites => new(0x0001, 0xf064, 83);

    [Theory]
    [MemberData(nameof(Suites))]
    public void Members_who_are_added_updated_and_removed_agree_and_talk(int id)
    {
        MlsSuite suite = MlsSuite.Get((ushort)id);
        Member[] all = Of(5, suite);
        AssertAgree(all);
        AssertTalk(all);

        Commit(all, all[3]);
        AssertAgree(all);

        byte[] proposal = all[1].Group.ProposeUpdate();
        Deliver([.. all.Where(member => member != all[1])], proposal);
        Commit(all, all[2]);
        AssertAgree(all);
        AssertTalk(all);

        Commit(all, all[0], new RemoveProposal(all[4].Group.Own));
        Assert.True(all[4].Group.IsRemoved);
        AssertAgree(all[..4]);
        AssertTalk(all[..4]);

        var late = new Member("Late");
        Add(all[..4], [late]);
        AssertTalk([.. all[..4], late]);
        Assert.Equal(4u, late.Group.Own);
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void A_client_joins_by_external_commit_and_comes_back_in_its_own_place(int id)
    {
        MlsSuite suite = MlsSuite.Get((ushort)id);
        Member[] all = Of(3, suite);
        var joiner = new Member("Joiner");
        PendingCommit join = MlsGroup.JoinExternally(
            all[1].Group.GroupInfo(allowExternalJoin: true, withTree: true), joiner.Client, _ => false, joiner.Services);
        Deliver(all, join.Commit);
        joiner.Group = MlsGroup.Begin(join, joiner.Services);
        Member[] now = [.. all, joiner];
        AssertAgree(now);
        AssertTalk(now);

        // Carol has lost her store.
        var again = new Member("Carol");
        PendingCommit back = MlsGroup.JoinExternally(
            all[0].Group.GroupInfo(allowExternalJoin: true, withTree: false),
            again.Client,
            _ => false,
            again.Services,
            tree: all[0].Group.Tree(),
            replaced: all[2].Group.Own);
        Deliver(now, back.Commit);
        again.Group = MlsGroup.Begin(back, again.Services);
        Assert.True(all[2].Group.IsRemoved);
        AssertTalk(all[0], all[1], joiner, again);
    }

    [Fact]
    public void External_and_resumption_keys_enter_the_key_schedule()
    {
        Member[] all = Of(3);
        Commit(all, all[0]);
        Array.ForEach(all, member => member.HoldPsk("invite", "a shared secret"));
        MlsSuite suite = all[0].Group.Suite;
        Commit(
            all,
            all[0],
            new PreSharedKeyProposal(PreSharedKeyId.External(suite, "invite"u8)),
            new PreSharedKeyProposal(PreSharedKeyId.Resumption(suite, ResumptionUsage.Application, all[0].Group.GroupId, 1)));
        AssertAgree(all);

        var joiner = new Member("Dave");
        joiner.HoldPsk("invite", "a shared secret");
        KeyPackageKeys keys = joiner.NewKeyPackage(suite);
        PendingCommit commit = all[1].Group.CreateCommit(new CommitRequest
        {
            Proposals = [new AddProposal(keys.KeyPackage), new PreSharedKeyProposal(PreSharedKeyId.External(suite, "invite"u8))],
            TreeInWelcome = true,
        });
        Deliver(all, commit.Commit);
        var without = new Member("Dave");
        Refuses(E2EError.MlsUnknownPsk, () => without.Join(commit.Welcomes[0].Message, keys));
        joiner.Join(commit.Welcomes[0].Message, keys);
        AssertTalk([.. all, joiner]);
    }

    [Fact]
    public void A_member_without_the_pre_shared_key_does_not_follow_and_stays_where_it_was()
    {
        Member[] all = Of(2);
        all[0].HoldPsk("secret", "for one only");
        PendingCommit commit = all[0].Group.CreateCommit(new CommitRequest
        {
            Proposals = [new PreSharedKeyProposal(PreSharedKeyId.External(all[0].Group.Suite, "secret"u8))],
        });
        Refuses(E2EError.MlsUnknownPsk, () => all[1].Group.Receive(commit.Commit));
        all[0].Group.DropPending();
        AssertAgree(all);
        AssertTalk(all);
    }

    [Fact]
    public void A_pending_commit_changes_nothing_and_gives_way_to_one_that_came_first()
    {
        Member[] all = Of(3);
        ulong epoch = all[0].Group.Epoch;
        all[0].Group.CreateCommit(new CommitRequest { Format = WireFormat.PublicMessage });
        Assert.Equal(epoch, all[0].Group.Epoch);
        AssertTalk(all);
        Assert.Throws<InvalidOperationException>(() => all[0].Group.CreateCommit(new CommitRequest()));

        Commit(all, all[1]);
        Assert.Null(all[0].Group.Pending);
        AssertAgree(all);
        Commit(all, all[0]);
        AssertTalk(all);
    }

    [Fact]
    public void A_group_is_re_initialised_with_other_parameters_and_the_same_members()
    {
        Member[] all = Of(3);
        var reInit = new ReInitProposal([1, 2, 3], MlsNumbers.Mls10, MlsSuite.XWingAes256.Id, []);
        Commit(all, all[0], reInit);
        AssertAgree(all);
        Refuses(E2EError.MlsGroupClosed, () => all[1].Seal("too late"));
        Refuses(E2EError.MlsGroupClosed, () => all[1].Group.CreateCommit(new CommitRequest()));

        MlsGroup[] old = [.. all.Select(member => member.Group)];
        MlsGroup created = MlsGroup.Create(MlsSuite.XWingAes256, [1, 2, 3], all[1].Client, [], all[1].Services);
        KeyPackageKeys[] keys = [all[0].NewKeyPackage(MlsSuite.XWingAes256), all[2].NewKeyPackage(MlsSuite.XWingAes256)];
        PendingCommit first = old[1].CreateContinuation(
            created, keys.Select(key => key.KeyPackage), ResumptionUsage.ReInit, treeInWelcome: true);
        created.ApplyPending();
        all[1].Group = created;
        all[0].Join(first.Welcomes[0].Message, keys[0], previous: old[0]);
        all[2].Join(first.Welcomes[1].Message, keys[1], previous: old[2]);
        AssertAgree(all);
        AssertTalk(all);

        // Without the old group nobody knows what the new one continues.
        var stranger = new Member("Alice");
        Refuses(E2EError.MlsUnknownPsk, () => stranger.Join(first.Welcomes[0].Message, keys[0]));
    }

    [Fact]
    public void A_re_initialised_group_without_all_members_or_with_other_parameters_is_refused()
    {
        Member[] all = Of(3);
        Commit(all, all[0], new ReInitProposal([1, 2, 3], MlsNumbers.Mls10, MlsSuite.X25519Aes128.Id, []));
        MlsGroup[] old = [.. all.Select(member => member.Group)];
        KeyPackageKeys bob = all[1].NewKeyPackage(MlsSuite.X25519Aes128);
        KeyPackageKeys carol = all[2].NewKeyPackage(MlsSuite.X25519Aes128);

        MlsGroup fewer = MlsGroup.Create(MlsSuite.X25519Aes128, [1, 2, 3], all[0].Client, [], all[0].Services);
        PendingCommit without = old[0].CreateContinuation(fewer, [bob.KeyPackage], ResumptionUsage.ReInit, treeInWelcome: true);
        Refuses(E2EError.MlsInvalidWelcome, () => all[1].Join(without.Welcomes[0].Message, bob, previous: old[1]));

        MlsGroup other = MlsGroup.Create(MlsSuite.X25519Aes128, [9], all[0].Client, [], all[0].Services);
        PendingCommit renamed = old[0].CreateContinuation(
            other, [bob.KeyPackage, carol.KeyPackage], ResumptionUsage.ReInit, treeInWelcome: true);
        Refuses(E2EError.MlsInvalidWelcome, () => all[1].Join(renamed.Welcomes[0].Message, bob, previous: old[1]));
    }

    [Fact]
    public void A_branch_has_members_of_the_old_group_alone()
    {
        Member[] all = Of(3);
        MlsGroup branch = MlsGroup.Create(all[0].Group.Suite, [7], all[0].Client, [], all[0].Services);
        KeyPackageKeys bob = all[1].NewKeyPackage(all[0].Group.Suite);
        PendingCommit first = all[0].Group.CreateContinuation(
            branch, [bob.KeyPackage], ResumptionUsage.Branch, treeInWelcome: true);
        branch.ApplyPending();
        MlsGroup joined = MlsGroup.Join(first.Welcomes[0].Message, bob, _ => false, all[1].Services, null, all[1].Group);
        Assert.Equal(branch.EpochAuthenticator(), joined.EpochAuthenticator());

        var outsider = new Member("Outsider");
        MlsGroup larger = MlsGroup.Create(all[0].Group.Suite, [8], all[0].Client, [], all[0].Services);
        KeyPackageKeys again = all[1].NewKeyPackage(all[0].Group.Suite);
        PendingCommit wide = all[0].Group.CreateContinuation(
            larger,
            [again.KeyPackage, outsider.NewKeyPackage(all[0].Group.Suite).KeyPackage],
            ResumptionUsage.Branch,
            treeInWelcome: true);
        Refuses(
            E2EError.MlsInvalidWelcome,
            () => MlsGroup.Join(wide.Welcomes[0].Message, again, _ => false, all[1].Services, null, all[1].Group));
    }

    [Fact]
    public void Exported_secrets_are_equal_among_members_and_differ_by_label_context_and_epoch()
    {
        Member[] all = Of(2);
        static string Export(Member member, string label, string context)
        {
            using MlsSecret secret = member.Group.Export(TextEncoding.UTF8.GetBytes(label), TextEncoding.UTF8.GetBytes(context), 32);
            return Convert.ToHexString(secret.Reveal());
        }

        string first = Export(all[0], "label", "context");
        Assert.Equal(first, Export(all[1], "label", "context"));
        Assert.NotEqual(first, Export(all[0], "label", "other"));
        Assert.NotEqual(first, Export(all[0], "other", "context"));
        Commit(all, all[1]);
        Assert.NotEqual(first, Export(all[0], "label", "context"));
        Assert.Equal(Export(all[1], "label", "context"), Export(all[0], "label", "context"));
    }

    [Fact]
    public void Whoever_has_seen_a_proposal_commits_before_sending()
    {
        Member[] all = Of(3);
        byte[] leave = all[2].Group.Propose(new RemoveProposal(all[2].Group.Own));
        Deliver(all[..2], leave);
        Refuses(E2EError.MlsCommitRequired, () => all[0].Seal("to one who leaves"));
        Commit(all, all[0]);
        Assert.True(all[2].Group.IsRemoved);
        AssertTalk(all[..2]);
    }

    [Fact]
    public void An_update_brings_a_new_signature_key_and_the_old_one_signs_no_more()
    {
        Member[] all = Of(3);
        using var key = MlsSignatureKey.Generate();
        LeafNodeContent old = all[1].Epoch.OwnLeaf.Content;
        var content = new LeafNodeContent(
            [], key.PublicKey, old.Credential, old.Capabilities, [.. old.Extensions]);
        byte[] proposal = all[1].Group.ProposeUpdate(content, key);
        Deliver([all[0], all[2]], proposal);
        Commit(all, all[0]);
        AssertAgree(all);
        AssertTalk(all);
        Assert.Equal(key.PublicKey, all[0].Epoch.Tree.Leaf(1)!.SignatureKey);

        using var next = MlsSignatureKey.Generate();
        PendingCommit commit = all[1].Group.CreateCommit(new CommitRequest
        {
            Leaf = new LeafNodeContent([], next.PublicKey, old.Credential, old.Capabilities, [.. old.Extensions]),
            SignatureKey = next,
        });
        Deliver(all, commit.Commit);
        AssertTalk(all);
    }

    [Fact]
    public void A_last_resort_key_package_says_so_and_adds_its_client_to_two_groups()
    {
        var alice = new Member("Alice");
        KeyPackageKeys keys = alice.NewKeyPackage(MlsSuite.X25519Aes128, isLastResort: true);
        Assert.True(keys.KeyPackage.IsLastResort);
        foreach (string name in new[] { "Bob", "Carol" })
        {
            Member[] creator = Of([new Member(name)]);
            PendingCommit commit = creator[0].Group.CreateCommit(
                new CommitRequest { Proposals = [new AddProposal(keys.KeyPackage)], TreeInWelcome = true });
            creator[0].Group.ApplyPending();
            alice.Join(commit.Welcomes[0].Message, keys);
            AssertTalk(creator[0], alice);
        }
    }
}
