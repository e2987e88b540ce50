using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using static PulseMeet.E2E.Mls.Tests.Groups.Chats;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>What a joiner refuses of a group that it did not see growing, and whom a group lets in that comes by itself.</summary>
public sealed class PulseJoinRules
{
    [Fact]
    public void A_welcomes_tree_in_which_a_leaf_is_not_on_its_accounts_list_is_refused()
    {
        // Mallory's client keeps no rule: its group has a leaf of Bob's that Bob's list does not have, or no certificate of his.
        var mallory = new Account("mallory", "phone");
        var bob = new Account("bob", "phone");
        Phone ghost = bob.Unlisted("tablet");
        var carol = new Account("carol", "phone");
        foreach (Func<LeafNodeContent, LeafNodeContent> change in new Func<LeafNodeContent, LeafNodeContent>[]
        {
            content => content,
            content => content.With(extensions: [.. content.Extensions.Where(e => e.Type != GroupNumbers.DeviceListExtension)]),
            content => content.With(credential: new Credential(CredentialType.DeviceCertificate, [1, 2, 3])),
        })
        {
            KeyPackage leaf = PulseLeafRules.KeyPackageOf(ghost, change, null, bob);
            (byte[] welcome, byte[] snapshot) = LawlessGroup(mallory, [bob, carol], leaf, carol["phone"]);
            Assert.Equal(
                E2EError.GroupLeafRefused,
                Assert.Throws<E2EException>(() => carol["phone"].Join(welcome, snapshot)).Reason);
        }

        // Where the list has it, the group is one.
        KeyPackage right = PulseLeafRules.KeyPackageOf(bob["phone"], content => content, null);
        (byte[] honest, byte[] lists) = LawlessGroup(mallory, [bob, carol], right, carol["phone"]);
        carol["phone"].Join(honest, lists);
        Assert.Equal(3, carol["phone"].Chat.Roster.DeviceCount);
    }

    [Fact]
    public void A_snapshot_has_the_lists_that_the_group_names_and_each_is_signed()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        var dave = new Account("dave", "phone");
        PreparedCommit commit = Commit(
            Present(alice, bob, carol), alice["phone"], new BringIntent([Invite(dave)]));
        byte[] welcome = commit.Welcomes.Single().Message;
        GroupSnapshot right = GroupSnapshot.Decode(commit.Snapshot);
        void Refused(E2EError reason, byte[] snapshot) => Assert.Equal(
            reason, Assert.Throws<E2EException>(() => dave["phone"].Join(welcome, snapshot)).Reason);
        byte[] Of(DeviceListBook lists) => new GroupSnapshot(lists, right.Tree).Encode();

        // One missing, one too many, another one of the account, one whose signature does not verify.
        Refused(E2EError.GroupDeviceListRefused, Of(Without(right.Lists, "bob")));
        Refused(E2EError.GroupDeviceListRefused, Of(With(right.Lists, new Account("erin", "phone"))));
        bob.Sign();
        Refused(E2EError.GroupDeviceListRefused, Of(With(right.Lists, bob)));
        Refused(E2EError.GroupDeviceListRefused, Of(With(right.Lists, new Account("bob", "laptop", "phone"))));
        byte[] list = carol.List.Encode();
        list[^1] ^= 1;
        Refused(E2EError.GroupDeviceListRefused, Of(new DeviceListBook(
            [.. Without(right.Lists, "carol").Lists, KnownList.FromStored(list)])));
        Refused(E2EError.UnsupportedVersion, [2, .. commit.Snapshot[1..]]);
        Refused(E2EError.InvalidEncoding, [.. commit.Snapshot, 0]);
        for (int length = 0; length < commit.Snapshot.Length; length += 97)
        {
            Assert.Throws<E2EException>(() => dave["phone"].Join(welcome, commit.Snapshot[..length]));
        }

        dave["phone"].Join(commit);
        AssertTalk(Present(alice, bob, carol, dave));
    }

    [Fact]
    public void A_group_with_an_account_under_another_key_than_the_one_remembered_is_not_joined()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        var dave = new Account("dave", "phone");
        PreparedCommit commit = Commit(
            Present(alice, bob, carol), alice["phone"], new BringIntent([Invite(dave)]));
        byte[] other = new Account("bob", "phone").Key.PublicKey.ToArray();
        Assert.Equal(E2EError.AccountKeyChanged, Assert.Throws<E2EException>(() => dave["phone"].Join(
            commit.Welcomes[0].Message, commit.Snapshot, user => user == "bob" ? other : null)).Reason);
        dave["phone"].Join(commit.Welcomes[0].Message, commit.Snapshot, user => user == "bob" ? bob.Key.PublicKey.ToArray() : null);
        AssertTalk(Present(alice, bob, carol, dave));
    }

    [Fact]
    public void A_device_of_an_account_that_is_in_the_group_joins_by_itself_and_nobody_else_does()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);

        // An outsider with the group info and the tree, which the server has; a device of Bob's on no list; one that came onto his
        // list, which the group does not know yet; and one that his list has lost.
        var dave = new Account("dave", "phone");
        void Refused(E2EError reason, Phone joiner, GroupDevice device)
        {
            byte[] commit = new Forged { Format = WireFormat.PublicMessage }.By(device.Client, all[0].Epoch);
            AssertPassedOver(reason, all, joiner, commit);
        }

        Refused(E2EError.GroupJoinRefused, dave["phone"], dave["phone"].Device);
        Account impostor = new("bob", "watch");
        Refused(E2EError.GroupJoinRefused, impostor["watch"], impostor["watch"].Device);
        Phone tablet = bob.AddDevice("tablet");
        Refused(E2EError.GroupLeafRefused, tablet, tablet.Device);
        Commit(all, carol["phone"], carol["phone"].Chat.Follow(bob.List.Encode(), [])!);
        using (ExternalJoin join = tablet.Rejoin(alice["phone"]))
        {
            Assert.All(all, phone => Assert.Equal(0, phone.Take(join.Commit.Commit).Taken));
            tablet.Chat = join.Begin(tablet.Device, bob.Clock);
        }

        AssertTalk(Present(alice, bob, carol));
        Phone lost = bob.RemoveDevice("tablet");
        Commit([.. Present(alice, bob, carol), lost], carol["phone"], carol["phone"].Chat.Follow(bob.List.Encode(), [])!);
        all = Present(alice, bob, carol);
        Refused(E2EError.GroupLeafRefused, lost, lost.Device);

        // A second leaf of a device that is there.
        Refused(E2EError.MlsInvalidLeaf, bob["phone"], bob["phone"].Device);
        AssertTalk(all);
    }

    [Fact]
    public void An_external_join_takes_no_other_device_out_and_comes_nowhere_where_the_group_takes_none()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone forger = bob["phone"];
        var sender = new Sender(SenderType.NewMemberCommit, 0);
        byte[] evicting = new Forged
        {
            Proposals = [new CommittedProposal(new RemoveProposal(LeafOf(forger, carol["phone"])), sender, null)],
        }.By(forger.Device.Client, all[0].Epoch);
        AssertPassedOver(E2EError.MlsRefusedByPolicy, all, forger, evicting);

        Commit(all, alice["phone"], new RightsIntent(GroupRights.Default with { ExternalJoin = false }));
        byte[] back = new Forged
        {
            Proposals = [new CommittedProposal(new RemoveProposal(LeafOf(forger, forger)), sender, null)],
        }.By(forger.Device.Client, all[0].Epoch);
        AssertPassedOver(E2EError.GroupJoinRefused, all, forger, back);
    }

    [Fact]
    public void A_removed_account_does_not_come_back_by_itself()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Commit(Present(alice, bob, carol), alice["phone"], new RemoveIntent("bob"));
        Phone[] all = Present(alice, carol);
        Assert.Equal(E2EError.GroupJoinRefused, Assert.Throws<E2EException>(() => bob["phone"].Rejoin(alice["phone"])).Reason);
        AssertPassedOver(
            E2EError.GroupJoinRefused, all, bob["phone"], new Forged().By(bob["phone"].Device.Client, all[0].Epoch));
    }

    [Fact]
    public void A_device_that_comes_back_goes_forward_only_and_accounts_keep_their_keys()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        byte[] old = alice["phone"].Chat.GroupInfo();
        byte[] tree = alice["phone"].Chat.Snapshot();
        Commit(all, alice["phone"], new UpdateIntent());
        Phone phone = bob["phone"];
        Assert.Equal(E2EError.MlsWrongEpoch, Assert.Throws<E2EException>(() => ExternalJoin.Create(
            old, tree, phone.Device, _ => false, _ => null, phone.Clock, phone.Chat)).Reason);
        var another = new Account("alice", "phone");
        Create("Rooftop", another, [new Account("carol", "phone")]);
        Assert.Equal(E2EError.MlsWrongGroup, Assert.Throws<E2EException>(() => ExternalJoin.Create(
            another["phone"].Chat.GroupInfo(), another["phone"].Chat.Snapshot(), phone.Device, _ => false, _ => null, phone.Clock, phone.Chat))
            .Reason);
        Assert.Equal(E2EError.AccountKeyChanged, Assert.Throws<E2EException>(() => ExternalJoin.Create(
            alice["phone"].Chat.GroupInfo(),
            alice["phone"].Chat.Snapshot(),
            phone.Device,
            _ => false,
            user => user == "carol" ? new byte[32] : null,
            phone.Clock)).Reason);
    }

    /// <summary>A group in which nobody keeps the rules, with the lists and the roles as they would have to be.</summary>
    private static (byte[] Welcome, byte[] Snapshot) LawlessGroup(
        Account creator, Account[] others, KeyPackage member, Phone joiner)
    {
        var lists = new DeviceListBook(others.Prepend(creator).Select(account => KnownList.Verify(account.List.Encode())));
        var data = new PulseData
        {
            Name = "Free",
            Creator = creator.UserId,
            Admins = [],
            Rights = GroupRights.Default,
            ListsHash = lists.Hash,
        };
        Phone first = creator.Devices[0];
        var services = new GroupServices { Policy = new NamedClients { Leaves = _ => { } }, Time = first.Clock };
        MlsGroup group = MlsGroup.Create(MlsSuite.X25519Aes128, [1, 2, 3], first.Device.Client, data.ToExtensions(), services);
        KeyPackage own = MlsMessage.Decode<KeyPackage>(joiner.KeyPackage());
        PendingCommit commit = group.CreateCommit(new CommitRequest { Proposals = [new AddProposal(member), new AddProposal(own)] });
        return (commit.Welcomes[1].Message, new GroupSnapshot(lists, commit.Tree()).Encode());
    }
}
