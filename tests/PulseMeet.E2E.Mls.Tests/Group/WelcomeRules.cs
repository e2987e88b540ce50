using static PulseMeet.E2E.Mls.Tests.Members;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>RFC 9420, sections 12.4.3, 12.4.3.1 and 12.4.3.3: each step of joining by a Welcome, with what breaks it.</summary>
public sealed class WelcomeRules
{
    private readonly Member _joiner = new("Joiner");
    private readonly KeyPackageKeys _keys;
    private readonly Member[] _group = Of(3);

    public WelcomeRules() => _keys = _joiner.NewKeyPackage(Leaves.Suite);

    [Fact]
    public void A_forged_welcome_that_breaks_nothing_is_taken()
    {
        Join(new ForgedWelcome());
        Assert.Equal(3u, _joiner.Group.Own);
    }

    [Fact]
    public void It_has_an_entry_for_the_key_package_in_its_suite()
    {
        Refused(E2EError.MlsNotForThisClient, new ForgedWelcome { Reference = new byte[32] });
        Refused(E2EError.MlsNotForThisClient, new ForgedWelcome { Suite = MlsSuite.XWingAes256.Id });
        Refused(E2EError.MlsUnsupported, new ForgedWelcome { Suite = 0x7777 });
        KeyPackageKeys other = _joiner.NewKeyPackage(Leaves.Suite);
        byte[] welcome = new ForgedWelcome().By(_group[0], _keys.KeyPackage);
        Refuses(E2EError.MlsNotForThisClient, () => _joiner.Join(welcome, other));
    }

    [Fact]
    public void A_changed_byte_anywhere_is_refused()
    {
        byte[] welcome = new ForgedWelcome().By(_group[0], _keys.KeyPackage);
        for (int i = 0; i < welcome.Length; i++)
        {
            byte[] changed = [.. welcome];
            changed[i] ^= 4;
            Assert.Throws<E2EException>(() => _joiner.Join(changed, _keys));
        }
    }

    [Fact]
    public void Its_pre_shared_keys_are_at_hand_and_one_at_most_links_to_another_group()
    {
        var unknown = PreSharedKeyId.External(Leaves.Suite, "unknown"u8);
        Refused(E2EError.MlsUnknownPsk, new ForgedWelcome { Psks = [unknown] });
        PreSharedKeyId[] links =
        [
            PreSharedKeyId.Resumption(Leaves.Suite, ResumptionUsage.Branch, _group[0].Group.GroupId, 1),
            PreSharedKeyId.Resumption(Leaves.Suite, ResumptionUsage.ReInit, _group[0].Group.GroupId, 1),
        ];
        Refused(E2EError.MlsInvalidWelcome, new ForgedWelcome { Psks = links });
    }

    [Fact]
    public void A_group_that_continues_another_is_in_its_first_epoch_and_the_other_is_at_hand()
    {
        // Bob is in the group that the Welcome says it branches from, but it is not its first epoch.
        Member bob = _group[1];
        var link = PreSharedKeyId.Resumption(Leaves.Suite, ResumptionUsage.Branch, bob.Group.GroupId, bob.Group.Epoch);
        KeyPackageKeys keys = bob.NewKeyPackage(Leaves.Suite);
        Member[] alone = Of([new Member("Alice")]);
        Commit(alone, alone[0]);
        using MlsSecret resumption = bob.Group.ResumptionKey(bob.Group.Epoch)!;
        byte[] welcome = new ForgedWelcome { Psks = [link], PskKeys = [(link, resumption)] }.By(alone[0], keys.KeyPackage);
        Refuses(E2EError.MlsInvalidWelcome, () => MlsGroup.Join(welcome, keys, _ => false, bob.Services, null, bob.Group));
    }

    [Fact]
    public void The_group_info_is_signed_by_the_member_whom_it_names()
    {
        Refused(E2EError.MlsInvalidWelcome, new ForgedWelcome { Key = _group[1].Key });
        Refused(E2EError.MlsInvalidWelcome, new ForgedWelcome { Signer = 1 });
        Refused(E2EError.MlsInvalidWelcome, new ForgedWelcome { Signer = 99 });
    }

    [Fact]
    public void The_group_is_none_that_the_client_is_in()
    {
        byte[] welcome = new ForgedWelcome().By(_group[0], _keys.KeyPackage);
        Refuses(
            E2EError.MlsInvalidWelcome,
            () => MlsGroup.Join(welcome, _keys, id => id.Span.SequenceEqual(_group[0].Group.GroupId), _joiner.Services));
    }

    [Fact]
    public void The_group_has_the_suite_of_the_key_package_and_extensions_that_the_client_knows()
    {
        Refused(E2EError.MlsInvalidWelcome, new ForgedWelcome { Context = context => With(context, suite: 2) });
        Refused(E2EError.MlsUnsupported, new ForgedWelcome
        {
            Context = context => With(context, extensions: [new Extension(0xf100, [])]),
        });

        // What a leaf lists as grease is nothing that it supports.
        ushort grease = _joiner.Client.LeafExtensions[^1].Type;
        Refused(E2EError.MlsUnsupported, new ForgedWelcome
        {
            Context = context => With(context, extensions: [new Extension(grease, [])]),
        });
    }

    [Fact]
    public void Unknown_extensions_of_the_group_info_are_ignored() =>
        Join(new ForgedWelcome { Extensions = [new Extension(0x7777, [1, 2, 3])] });

    [Fact]
    public void The_tree_is_there_and_has_the_hash_of_the_context()
    {
        Refused(E2EError.MlsInvalidTree, new ForgedWelcome { Context = context => With(context, treeHash: new byte[32]) });
        Refused(E2EError.MlsInvalidTree, new ForgedWelcome { Tree = _ => _group[0].Group.Tree() });
        Refused(E2EError.InvalidEncoding, new ForgedWelcome { Tree = tree => tree[..^1] });

        PendingCommit commit = _group[0].Group.CreateCommit(new CommitRequest { Proposals = [new AddProposal(_keys.KeyPackage)] });
        Refuses(E2EError.MlsInvalidWelcome, () => _joiner.Join(commit.Welcomes[0].Message, _keys));
        _joiner.Join(commit.Welcomes[0].Message, _keys, commit.Tree());
    }

    [Fact]
    public void A_tree_does_not_end_with_a_blank_node_and_has_each_kind_of_node_in_its_place()
    {
        Refused(E2EError.InvalidEncoding, new ForgedWelcome { Tree = tree => Rewrap(tree, bytes => [.. bytes, 0]) });
        Refused(E2EError.InvalidEncoding, new ForgedWelcome { Tree = tree => Rewrap(tree, bytes => [0, .. bytes]) });
        Refused(E2EError.InvalidEncoding, new ForgedWelcome { Tree = _ => [0] });
        Refused(E2EError.LimitExceeded, new ForgedWelcome { Tree = tree => Rewrap(tree, bytes => [.. bytes, .. new byte[40_000]]) });
    }

    [Fact]
    public void Every_parent_hash_leaf_and_unmerged_leaf_of_the_tree_is_valid()
    {
        ParentNode Root(RatchetTree tree) => tree.Parent(tree.Root)!;
        Action<RatchetTree>[] breaches =
        [
            tree => tree.SetParent(tree.Root, Root(tree).WithParentHash(new byte[32])),
            tree => tree.SetParent(tree.Root, new ParentNode(Leaves.Suite.GenerateKeyPair().PublicKey, [], [])),
            tree => tree.SetParent(tree.Root, new ParentNode(tree.Leaf(1)!.EncryptionKey, [], [])),
            tree => tree.SetParent(tree.Root, new ParentNode(new byte[32], [], [])),
            tree => tree.SetParent(tree.Root, Root(tree).WithUnmerged(1)),
            tree => tree.SetParent(tree.Root, Root(tree).WithUnmerged(9)),
            tree => tree.SetParent(tree.Root, null),
            tree => tree.SetParent(5, new ParentNode(Leaves.Suite.GenerateKeyPair().PublicKey, [], [])),
        ];
        for (int i = 0; i < breaches.Length; i++)
        {
            int at = i;
            Refused(at == 6 ? E2EError.MlsInvalidWelcome : E2EError.MlsInvalidTree, new ForgedWelcome
            {
                Nodes = tree => breaches[at](tree),
            });
        }

        Refused(E2EError.MlsInvalidLeaf, new ForgedWelcome
        {
            Below = tree => tree.SetLeaf(1, Leaves.WithBrokenSignature(tree.Leaf(1)!)),
        });
    }

    [Fact]
    public void The_joiners_leaf_is_in_the_tree_as_it_made_it()
    {
        Refused(E2EError.MlsInvalidWelcome, new ForgedWelcome
        {
            Below = tree => tree.SetLeaf(3, new Member("Joiner").NewKeyPackage(Leaves.Suite).KeyPackage.Leaf),
        });
    }

    [Fact]
    public void The_path_secret_is_that_of_the_tree()
    {
        Refused(E2EError.MlsInvalidWelcome, new ForgedWelcome { PathSecret = _ => MlsSecret.Random(32) });
        Refused(E2EError.MlsInvalidWelcome, new ForgedWelcome { PathSecret = _ => MlsSecret.Random(31) });
    }

    [Fact]
    public void The_confirmation_tag_is_that_of_the_epoch()
    {
        Refused(E2EError.MlsInvalidWelcome, new ForgedWelcome { Tag = tag => [(byte)(tag[0] ^ 1), .. tag[1..]] });
        Refused(E2EError.MlsInvalidWelcome, new ForgedWelcome { Tag = _ => [] });
    }

    [Fact]
    public void A_group_info_without_an_external_key_takes_no_external_commit_and_a_malformed_one_is_refused()
    {
        byte[] closed = _group[0].Group.GroupInfo(allowExternalJoin: false, withTree: true);
        Refuses(E2EError.MlsInvalidWelcome, () => MlsGroup.JoinExternally(closed, _joiner.Client, _ => false, _joiner.Services));
        GroupInfo info = GroupInfo.Sign(
            Leaves.Suite,
            _group[0].Epoch.Context,
            [new Extension(ExtensionType.RatchetTree, _group[0].Group.Tree()), new Extension(ExtensionType.ExternalPub, [2, 1, 2])],
            _group[0].Epoch.ConfirmationTag,
            0,
            _group[0].Key);
        byte[] malformed = MlsMessage.Encode(WireFormat.GroupInfo, info);
        Refuses(E2EError.MlsInvalidWelcome, () => MlsGroup.JoinExternally(malformed, _joiner.Client, _ => false, _joiner.Services));
    }

    private void Join(ForgedWelcome forged) => _joiner.Join(forged.By(_group[0], _keys.KeyPackage), _keys);

    private void Refused(E2EError reason, ForgedWelcome forged) => Refuses(reason, () => Join(forged));

    private static byte[] Rewrap(byte[] tree, Func<byte[], byte[]> change)
    {
        var reader = new MlsReader(tree);
        using var writer = new MlsWriter();
        writer.WriteVector(change(reader.ReadVector().ToArray()));
        return writer.ToArray();
    }

    private static GroupContext With(
        GroupContext context, ushort? suite = null, byte[]? treeHash = null, IReadOnlyList<Extension>? extensions = null) => new()
        {
            Suite = suite ?? context.Suite,
            GroupId = context.GroupId,
            Epoch = context.Epoch,
            TreeHash = treeHash ?? context.TreeHash,
            ConfirmedTranscriptHash = context.ConfirmedTranscriptHash,
            Extensions = extensions ?? context.Extensions,
        };
}
