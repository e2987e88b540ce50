using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using static PulseMeet.E2E.Mls.Tests.Groups.Chats;

namespace PulseMeet.E2E.Mls.Tests.Groups;

/// <summary>Attack 21: a leaf whose credential is not a device certificate on the account's newest device list that the group knows. A
/// member who keeps no rule commits it; every other one refuses it.</summary>
public sealed class PulseLeafRules
{
    [Fact]
    public void An_added_leaf_has_a_device_certificate_of_its_account_whose_mls_key_signs_for_it()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone forger = alice["phone"];
        var dave = new Account("dave", "phone");
        DeviceListBook lists = With(forger.Chat.Lists, dave);
        void Refused(Func<LeafNodeContent, LeafNodeContent> change, MlsSignatureKey? signer = null) => AssertPassedOver(
            E2EError.GroupLeafRefused,
            all,
            forger,
            Forge(forger, null, lists, Carry(dave), new AddProposal(KeyPackageOf(dave["phone"], change, signer))));

        // No device certificate at all; one of another account's making; one for another MLS key; the account key's signature broken.
        byte[] certificate = dave["phone"].Identity.Certificate.Encode();
        Refused(content => content.With(
            credential: Credential.Basic("dave"u8), capabilities: content.Capabilities.With(
                credentials: [.. content.Capabilities.Credentials, CredentialType.Basic])));
        var mallory = new Account("dave", "phone");
        Refused(
            content => content.With(
                credential: new Credential(CredentialType.DeviceCertificate, mallory["phone"].Identity.Certificate.Encode()),
                signatureKey: mallory["phone"].Device.Client.SignatureKey.PublicKey),
            mallory["phone"].Device.Client.SignatureKey);
        using var other = MlsSignatureKey.Generate();
        Refused(content => content.With(signatureKey: other.PublicKey), other);
        certificate[^1] ^= 1;
        Refused(content => content.With(credential: new Credential(CredentialType.DeviceCertificate, certificate)));
        Refused(content => content.With(credential: new Credential(CredentialType.DeviceCertificate, certificate[..^1])));

        // It names no list, one without a number, one newer than the list that comes with it, another one of that number.
        Refused(content => content.With(extensions: [.. content.Extensions.Where(e => e.Type != GroupNumbers.DeviceListExtension)]));
        Refused(Naming(0, new byte[32]));
        Refused(Naming(dave.List.Number + 1, new byte[32]));
        Refused(Naming(dave.List.Number, new byte[32]));

        // And the right one is taken.
        byte[] right = Forge(
            forger, null, lists, Carry(dave), new AddProposal(KeyPackageOf(dave["phone"], content => content, null)));
        Assert.All(all.Where(member => member != forger), member => Assert.Equal(0, member.Take(right).Taken));
    }

    [Fact]
    public void An_added_device_is_on_the_newest_list_that_the_group_knows()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone forger = alice["phone"];

        // A device that the account never listed, though its certificate is right.
        Phone unlisted = carol.Unlisted("tablet");
        AssertPassedOver(
            E2EError.GroupLeafRefused,
            all,
            forger,
            Forge(forger, null, null, new AddProposal(KeyPackageOf(unlisted, content => content, null, carol))));

        // One that it lists no more: first the group learns so, then somebody tries to bring it back.
        DeviceList before = bob.List;
        Phone gone = bob.RemoveDevice("laptop");
        bob.Sign();
        Commit(all, carol["phone"], carol["phone"].Chat.Follow(bob.List.Encode(), [])!);
        Assert.True(gone.Chat.IsRemoved);
        Phone[] left = Present(alice, bob, carol);
        KeyPackageKeys old = new GroupDevice(gone.Identity, before).CreateKeyPackage(MlsSuite.X25519Aes128, gone.Clock);
        AssertPassedOver(
            E2EError.GroupLeafRefused, left, forger, Forge(forger, null, null, new AddProposal(old.KeyPackage)));

        // With the old list beside it: that one is not newer.
        AssertPassedOver(
            E2EError.GroupDeviceListRefused,
            left,
            forger,
            Forge(
                forger,
                null,
                new DeviceListBook([.. Without(forger.Chat.Lists, "bob").Lists, KnownList.Verify(before.Encode())]),
                new PrivateProposal(GroupNumbers.DeviceListProposal, before.Encode()),
                new AddProposal(old.KeyPackage)));

        // With a list that the account never signed.
        var dave = new Account("dave", "phone");
        byte[] unsigned = dave.List.Encode();
        unsigned[^1] ^= 1;
        KeyPackage daves = KeyPackageOf(dave["phone"], Naming(dave.List.Number - 1, new byte[32]), null);
        AssertPassedOver(
            E2EError.GroupDeviceListRefused,
            left,
            forger,
            Forge(
                forger,
                null,
                new DeviceListBook([.. forger.Chat.Lists.Lists, KnownList.FromStored(unsigned)]),
                new PrivateProposal(GroupNumbers.DeviceListProposal, unsigned),
                new AddProposal(daves)));
    }

    [Fact]
    public void A_committers_new_leaf_is_the_same_device_on_the_newest_list_and_names_no_older_one()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone forger = bob["phone"];
        byte[] WithLeaf(LeafNodeContent content, MlsSignatureKey key) => new Forged
        {
            Format = WireFormat.PrivateMessage,
            Leaf = leaf => LeafNode.Sign(
                forger.Chat.Suite,
                content.WithEncryptionKey(leaf.EncryptionKey),
                LeafNodeSource.Commit,
                default,
                leaf.ParentHash,
                new LeafPlace(forger.Chat.Id, forger.Epoch.Own),
                key),
        }.By(forger.Epoch);
        LeafNodeContent own = forger.Epoch.OwnLeaf.Content;

        // As another device of his own, and as another user's.
        AssertPassedOver(
            E2EError.MlsRefusedByPolicy,
            all,
            forger,
            WithLeaf(bob["laptop"].Device.Client.LeafContent([]), bob["laptop"].Device.Client.SignatureKey));
        AssertPassedOver(
            E2EError.GroupLeafRefused,
            all,
            forger,
            WithLeaf(own.With(credential: carol["phone"].Epoch.OwnLeaf.Credential), forger.Device.Client.SignatureKey));

        // Naming an older list than before, and one that nobody knows.
        AssertPassedOver(
            E2EError.MlsRefusedByPolicy,
            all,
            forger,
            WithLeaf(Naming(bob.List.Number - 1, new byte[32])(own), forger.Device.Client.SignatureKey));
        AssertPassedOver(
            E2EError.GroupLeafRefused,
            all,
            forger,
            WithLeaf(Naming(bob.List.Number + 1, new byte[32])(own), forger.Device.Client.SignatureKey));

        // With new keys that his list does not have, though his account certified them.
        Phone rekeyed = bob.Unlisted("phone");
        LeafNodeContent content = own.With(
            signatureKey: rekeyed.Identity.MlsKey.PublicKey.ToArray(),
            credential: new Credential(CredentialType.DeviceCertificate, rekeyed.Identity.Certificate.Encode()));
        using MlsSignatureKey key = KeyOf(rekeyed.Identity);
        AssertPassedOver(E2EError.GroupLeafRefused, all, forger, WithLeaf(content, key));
    }

    [Fact]
    public void A_device_that_is_removed_from_its_account_goes_by_any_members_commit_and_is_believed_nothing_before()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone stolen = bob.RemoveDevice("laptop");
        GroupIntent follow = carol["phone"].Chat.Follow(bob.List.Encode(), [])!;
        Assert.Null(alice["phone"].Chat.Follow(alice.List.Encode(), []));
        Commit(all, carol["phone"], follow);
        Assert.True(stolen.Chat.IsRemoved);
        AssertTalk(Present(alice, bob, carol));

        // Nobody who brings the list keeps the device: the forger leaves it where it is.
        (alice, bob, carol) = Rooftop();
        all = Present(alice, bob, carol);
        bob.RemoveDevice("laptop");
        AssertPassedOver(
            E2EError.GroupLeafRefused,
            all,
            carol["phone"],
            Forge(carol["phone"], null, With(carol["phone"].Chat.Lists, bob), Carry(bob)));
    }

    [Fact]
    public void A_device_that_came_new_onto_its_accounts_list_is_added_by_any_member()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        Phone tablet = bob.AddDevice("tablet");
        GroupIntent follow = carol["phone"].Chat.Follow(bob.List.Encode(), [tablet.KeyPackage()])!;
        Commit(all, carol["phone"], follow, tablet);
        AssertTalk(Present(alice, bob, carol));
    }

    [Fact]
    public void A_rekeyed_device_goes_on_in_its_place_once_its_list_says_so()
    {
        (Account alice, Account bob, Account carol) = Rooftop();
        Phone[] all = Present(alice, bob, carol);
        DeviceIdentity next = bob["phone"].Identity.Rekey(bob.Key, bob.Clock);
        DeviceList list = DeviceList.Sign(bob.Key, [bob["laptop"].Identity.Certificate, next.Certificate], bob.List, bob.Clock);
        bob["phone"].Chat.UseDevice(new GroupDevice(next, list));
        Assert.Equal(GroupDutyReason.OwnList, bob["phone"].Chat.Duties(bob.Clock.Now, GroupSchedule.Default).Single().Reason);

        // The old keys are no more on the list that the commit brings: the device itself is the one thing that cannot take its own
        // leaf out, so the other one does, and the device joins anew.
        Assert.Equal(
            E2EError.GroupNotAllowed, Assert.Throws<E2EException>(() => bob["phone"].Chat.Prepare(new UpdateIntent())).Reason);
        KeyPackageKeys keys = new GroupDevice(next, list).CreateKeyPackage(MlsSuite.X25519Aes128, bob.Clock);
        GroupIntent follow = bob["laptop"].Chat.Follow(list.Encode(), [keys.Message()])!;
        PreparedCommit commit = Commit(all, bob["laptop"], follow);
        Assert.True(bob["phone"].Chat.IsRemoved);
        bob["phone"].Chat = PulseGroup.Join(
            commit.Welcomes.Single().Message,
            keys,
            new GroupDevice(next, list),
            commit.Snapshot,
            _ => false,
            _ => null,
            bob.Clock,
            out _);
        AssertTalk(all);
    }

    private static Func<LeafNodeContent, LeafNodeContent> Naming(long number, byte[] hash) => content => content.With(
        extensions:
        [
            .. content.Extensions.Where(extension => extension.Type != GroupNumbers.DeviceListExtension),
            new DeviceListName(number, hash).ToExtension(),
        ]);

    internal static MlsSignatureKey KeyOf(DeviceIdentity identity)
    {
        using Primitives.SecretScope scope = identity.MlsKey.Use();
        return MlsSignatureKey.Import(scope.Span);
    }

    /// <summary>A key package of a device that differs from a right one in what a test says.</summary>
    internal static KeyPackage KeyPackageOf(
        Phone phone, Func<LeafNodeContent, LeafNodeContent> change, MlsSignatureKey? signer, Account? named = null)
    {
        MlsSuite suite = MlsSuite.X25519Aes128;
        using MlsSignatureKey own = KeyOf(phone.Identity);
        Account account = named ?? phone.Account;
        var client = new MlsClient(
            new Credential(CredentialType.DeviceCertificate, phone.Identity.Certificate.Encode()),
            own,
            [GroupNumbers.DeviceListExtension, GroupNumbers.PulseExtension],
            [GroupNumbers.DeviceListProposal, GroupNumbers.LeaveProposal],
            leafExtensions: [DeviceListName.Of(account.List).ToExtension()]);
        LeafNode leaf = LeafNode.Sign(
            suite,
            change(client.LeafContent(suite.GenerateKeyPair().PublicKey)),
            LeafNodeSource.KeyPackage,
            Lifetime.From(phone.Clock.Now, TimeSpan.FromDays(30)),
            [],
            default,
            signer ?? own);
        return KeyPackage.Sign(suite, suite.GenerateKeyPair().PublicKey, leaf, [], signer ?? own);
    }
}
