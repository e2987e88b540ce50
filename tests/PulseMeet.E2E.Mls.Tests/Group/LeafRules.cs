using static PulseMeet.E2E.Mls.Tests.Members;
using static PulseMeet.E2E.Mls.Tests.Rules;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>RFC 9420, section 7.3: each rule, broken in an Add, an Update and a path where it can be.</summary>
public sealed class LeafRules
{
    private const ushort OtherCredential = 0xf123;

    [Fact]
    public void Rule_1_a_credential_that_the_policy_refuses_is_in_no_add_update_path_or_tree()
    {
        Member[] all = Of(3);
        static void RefuseMallory(LeafNode leaf)
        {
            if (NamedClients.Name(leaf) == "Mallory")
            {
                throw new E2EException(E2EError.MlsRefusedByPolicy);
            }
        }

        Array.ForEach(all[..2], member => member.Policy.Leaves = RefuseMallory);
        all[2].Policy.Leaves = RefuseMallory;
        var mallory = new Member("Mallory");
        AssertListRefused(E2EError.MlsRefusedByPolicy, all, new AddProposal(mallory.NewKeyPackage(Leaves.Suite).KeyPackage));
        AssertRefused(
            E2EError.MlsRefusedByPolicy,
            all,
            all[0],
            new Forged { Leaf = leaf => Reclaim(all[0], leaf, "Mallory") }.By(all[0]));

        // A joiner judges everyone who is there.
        Member[] theirs = Of([mallory, new Member("Nina")]);
        var joiner = new Member("Oscar");
        joiner.Policy.Leaves = RefuseMallory;
        Refuses(E2EError.MlsRefusedByPolicy, () => Add(theirs, [joiner]));
    }

    [Fact]
    public void Rule_1_a_credential_does_not_follow_another_clients_in_an_update_or_a_path()
    {
        Member[] all = Of(3);
        LeafNode update = Leaves.Leaf(all[1], LeafNodeSource.Update, said => said.With(credential: Credential.Basic("Carol"u8)));
        AssertRefused(E2EError.MlsRefusedByPolicy, all, all[1], Propose(all[1], new UpdateProposal(update)));
        AssertRefused(
            E2EError.MlsRefusedByPolicy,
            all,
            all[0],
            new Forged { Leaf = leaf => Reclaim(all[0], leaf, "Carol") }.By(all[0]));
    }

    [Fact]
    public void Rule_2_a_leafs_signature_verifies_for_its_group_and_its_place()
    {
        Member[] all = Of(3);
        var dave = new Member("Dave");
        AssertListRefused(
            E2EError.MlsInvalidLeaf, all, new AddProposal(Leaves.KeyPackage(dave, leaf: Leaves.WithBrokenSignature)));
        LeafNode update = Leaves.WithBrokenSignature(Leaves.Leaf(all[1], LeafNodeSource.Update));
        AssertRefused(E2EError.MlsInvalidLeaf, all, all[1], Propose(all[1], new UpdateProposal(update)));
        LeafNode elsewhere = Leaves.Leaf(all[1], LeafNodeSource.Update, place: 2);
        AssertRefused(E2EError.MlsInvalidLeaf, all, all[1], Propose(all[1], new UpdateProposal(elsewhere)));
        AssertRefused(
            E2EError.MlsInvalidLeaf, all, all[0], new Forged { Leaf = Leaves.WithBrokenSignature }.By(all[0]));
    }

    [Fact]
    public void Rule_3_what_the_group_requires_is_among_a_leafs_capabilities()
    {
        Extension required = new RequiredCapabilities([0xf100], [0xf200], []).ToExtension();
        Member Able(string name) => new(name, extensions: [0xf100], proposals: [0xf200]);
        Member[] all = Of([Able("Alice"), Able("Bob"), Able("Carol")], extensions: [required]);
        AssertListRefused(
            E2EError.MlsInvalidLeaf, all, new AddProposal(Leaves.KeyPackage(new Member("Dave", extensions: [0xf100]))));
        AssertListRefused(
            E2EError.MlsInvalidLeaf, all, new AddProposal(Leaves.KeyPackage(new Member("Dave", proposals: [0xf200]))));
        AssertRefused(E2EError.MlsInvalidLeaf, all, all[0], new Forged
        {
            Leaf = leaf => Resign(all[0], leaf, said => said.With(
                capabilities: said.Capabilities.With(extensions: [.. said.Extensions.Select(extension => extension.Type)]))),
        }.By(all[0]));
        Commit(all, all[0], new AddProposal(Leaves.KeyPackage(Able("Dave"))));
    }

    [Fact]
    public void Rule_3_a_member_of_a_group_supports_every_extension_in_its_context()
    {
        Member Able(string name) => new(name, extensions: [0xf100]);
        Member[] all = Of([Able("Alice"), Able("Bob"), Able("Carol")], extensions: [new Extension(0xf100, [1])]);
        AssertListRefused(E2EError.MlsInvalidLeaf, all, new AddProposal(Leaves.KeyPackage(new Member("Dave"))));
        Refuses(E2EError.MlsInvalidLeaf, () => Of([new Member("Alice")], extensions: [new Extension(0xf100, [1])]));
    }

    [Fact]
    public void Rule_4_members_support_each_others_types_of_credentials()
    {
        Member[] all = Of(3);
        var dave = new Member("Dave");
        AssertListRefused(E2EError.MlsInvalidLeaf, all, new AddProposal(Leaves.KeyPackage(dave, said => said.With(
            credential: new Credential(OtherCredential, [1]),
            capabilities: said.Capabilities.With(credentials: [OtherCredential, CredentialType.Basic])))));
        AssertListRefused(E2EError.MlsInvalidLeaf, all, new AddProposal(Leaves.KeyPackage(dave, said => said.With(
            credential: new Credential(OtherCredential, [1]),
            capabilities: said.Capabilities.With(credentials: [OtherCredential])))));
        AssertListRefused(E2EError.MlsInvalidLeaf, all, new AddProposal(Leaves.KeyPackage(dave, said => said.With(
            capabilities: said.Capabilities.With(credentials: [])))));
    }

    [Fact]
    public void Rule_5_no_lifetime_is_longer_than_the_application_allows_or_ends_before_it_begins()
    {
        Member[] all = Of(3);
        var dave = new Member("Dave");
        ulong now = (ulong)dave.Clock.Now.ToUnixTimeSeconds();
        AssertListRefused(E2EError.MlsInvalidLeaf, all, new AddProposal(
            Leaves.KeyPackage(dave, lifetime: new Lifetime(now, now + NamedClients.Quarter + 1))));
        AssertListRefused(
            E2EError.MlsInvalidLeaf, all, new AddProposal(Leaves.KeyPackage(dave, lifetime: new Lifetime(now + 10, now - 10))));
        AssertListRefused(
            E2EError.MlsInvalidLeaf, all, new AddProposal(Leaves.KeyPackage(dave, lifetime: new Lifetime(0, ulong.MaxValue))));
    }

    [Fact]
    public void Rule_5_an_expired_key_package_is_not_sent_but_a_commit_that_has_one_is_judged_alike_by_all_clocks()
    {
        Member[] all = Of(3);
        var dave = new Member("Dave");
        ulong now = (ulong)dave.Clock.Now.ToUnixTimeSeconds();
        var expired = new AddProposal(Leaves.KeyPackage(dave, lifetime: new Lifetime(now - 1000, now - 1)));
        Refuses(E2EError.Expired, () => all[0].Group.CreateCommit(new CommitRequest { Proposals = [expired] }));
        Refuses(E2EError.Expired, () => all[0].Group.Propose(expired));

        all[1].Clock.Now = all[1].Clock.Now.AddYears(10);
        byte[] commit = Forged.Commit(all[0], expired);
        Deliver(all[1..], commit);
        AssertAgree(all[1..]);
    }

    [Fact]
    public void Rule_6_a_leafs_extensions_are_among_its_capabilities()
    {
        Member[] all = Of(3);
        var dave = new Member("Dave");
        AssertListRefused(E2EError.MlsInvalidLeaf, all, new AddProposal(
            Leaves.KeyPackage(dave, said => said.With(extensions: [new Extension(0xf101, [])]))));
        AssertRefused(E2EError.MlsInvalidLeaf, all, all[0], new Forged
        {
            Leaf = leaf => Resign(all[0], leaf, said => said.With(extensions: [new Extension(0xf101, [])])),
        }.By(all[0]));
    }

    [Fact]
    public void Rule_7_a_leaf_came_the_way_that_it_says()
    {
        Member[] all = Of(3);
        var dave = new Member("Dave");
        AssertListRefused(
            E2EError.MlsInvalidLeaf, all, new AddProposal(Leaves.KeyPackage(dave, source: LeafNodeSource.Update)));
        AssertListRefused(
            E2EError.MlsInvalidLeaf, all, new AddProposal(Leaves.KeyPackage(dave, source: LeafNodeSource.Commit)));
        AssertRefused(
            E2EError.MlsInvalidLeaf,
            all,
            all[1],
            Propose(all[1], new UpdateProposal(Leaves.Leaf(all[1], LeafNodeSource.Commit))));
        AssertRefused(
            E2EError.MlsInvalidLeaf,
            all,
            all[1],
            Propose(all[1], new UpdateProposal(Leaves.Leaf(all[1], LeafNodeSource.KeyPackage))));
        AssertRefused(E2EError.MlsInvalidLeaf, all, all[0], new Forged
        {
            Leaf = leaf => Leaves.Leaf(all[0], LeafNodeSource.Update, encryptionKey: leaf.EncryptionKey),
        }.By(all[0]));
        AssertRefused(E2EError.MlsInvalidLeaf, all, all[0], new Forged
        {
            Leaf = leaf => Leaves.Leaf(all[0], LeafNodeSource.KeyPackage, encryptionKey: leaf.EncryptionKey),
        }.By(all[0]));
    }

    [Fact]
    public void Rule_7_an_update_and_a_path_bring_a_new_encryption_key()
    {
        Member[] all = Of(3);
        LeafNode same = Leaves.Leaf(all[1], LeafNodeSource.Update, encryptionKey: all[1].Epoch.OwnLeaf.EncryptionKey);
        AssertRefused(E2EError.MlsInvalidLeaf, all, all[1], Propose(all[1], new UpdateProposal(same)));
        AssertRefused(E2EError.MlsInvalidLeaf, all, all[0], new Forged
        {
            Leaf = leaf => Resign(all[0], leaf, said => said.With(encryptionKey: all[0].Epoch.OwnLeaf.EncryptionKey)),
        }.By(all[0]));
    }

    [Fact]
    public void Rule_8_no_signature_key_and_no_encryption_key_is_there_twice()
    {
        Member[] all = Of(3);
        var dave = new Member("Dave");
        AssertListRefused(E2EError.MlsInvalidLeaf, all, new AddProposal(
            Leaves.KeyPackage(dave, said => said.With(signatureKey: all[1].Key.PublicKey), key: all[1].Key)));
        AssertListRefused(E2EError.MlsInvalidLeaf, all, new AddProposal(
            Leaves.KeyPackage(dave, said => said.With(encryptionKey: all[1].Epoch.OwnLeaf.EncryptionKey))));
        AssertListRefused(
            E2EError.MlsInvalidLeaf,
            all,
            new AddProposal(Leaves.KeyPackage(dave)),
            new AddProposal(Leaves.KeyPackage(new Member("Erin"), said => said.With(signatureKey: dave.Key.PublicKey), key: dave.Key)));

        // Nor at a node above the leaves, which the committer's path leaves as it is.
        Member[] four = Of(4);
        Commit(four, four[2]);
        AssertListRefused(E2EError.MlsInvalidLeaf, four, new AddProposal(
            Leaves.KeyPackage(new Member("Erin"), said => said.With(encryptionKey: four[0].Epoch.Tree.EncryptionKey(5)))));
    }

    [Fact]
    public void A_leaf_supports_the_groups_version_and_suite_and_its_keys_are_well_formed()
    {
        Member[] all = Of(3);
        var dave = new Member("Dave");
        AssertListRefused(E2EError.MlsInvalidLeaf, all, new AddProposal(
            Leaves.KeyPackage(dave, said => said.With(capabilities: said.Capabilities.With(versions: [2])))));
        AssertListRefused(E2EError.MlsInvalidLeaf, all, new AddProposal(
            Leaves.KeyPackage(dave, said => said.With(capabilities: said.Capabilities.With(suites: [2, 3])))));
        AssertListRefused(
            E2EError.MlsInvalidLeaf, all, new AddProposal(Leaves.KeyPackage(dave, said => said.With(encryptionKey: new byte[32]))));
        AssertListRefused(
            E2EError.MlsInvalidLeaf, all, new AddProposal(Leaves.KeyPackage(dave, said => said.With(encryptionKey: new byte[31]))));

        // The key package's own signature is under the same key, and is verified first.
        AssertListRefused(
            E2EError.MlsInvalidKeyPackage, all, new AddProposal(Leaves.KeyPackage(dave, said => said.With(signatureKey: new byte[32]))));
    }

    [Fact]
    public void Unknown_values_in_capabilities_and_unknown_extensions_are_ignored()
    {
        Member[] all = Of(3);
        var dave = new Member("Dave");
        Commit(all, all[0], new AddProposal(Leaves.KeyPackage(dave, said => said.With(
            capabilities: said.Capabilities.With(
                versions: [1, 0x7777],
                suites: [1, 0x7777],
                extensions: [.. said.Capabilities.Extensions, 0x7777],
                proposals: [0x7777],
                credentials: [1, 0x7777]),
            extensions: [.. said.Extensions, new Extension(0x7777, [1, 2, 3])]))));
        AssertAgree(all);
    }

    private static LeafNode Resign(Member owner, LeafNode leaf, Func<LeafNodeContent, LeafNodeContent> content) => LeafNode.Sign(
        Leaves.Suite,
        content(leaf.Content),
        LeafNodeSource.Commit,
        default,
        leaf.ParentHash,
        new LeafPlace(owner.Group.GroupId, owner.Group.Own),
        owner.Key);

    private static LeafNode Reclaim(Member owner, LeafNode leaf, string name) =>
        Resign(owner, leaf, said => said.With(credential: Credential.Basic(TextEncoding.UTF8.GetBytes(name))));
}
