using System.Text.Json.Nodes;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Mls;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>A chat of three as one of them follows it: the Welcome, the snapshot, four epochs' candidates of which it passes over most, and
/// a message in the epoch after the first two. Alice creates and adds; Bob's client keeps no rule, and asks to leave in the end; then a client
/// of Alice's own that keeps none either comes back by itself in ways that no chat takes.</summary>
internal static class GroupTranscript
{
    private static readonly FixedClock s_clock = new(DateTimeOffset.FromUnixTimeSeconds(1790000000));
    private static readonly MlsSuite s_suite = MlsSuite.X25519Aes128;

    public static JsonObject Write()
    {
        using Ed25519KeyPair alice = Ed25519KeyPair.Generate();
        using Ed25519KeyPair bob = Ed25519KeyPair.Generate();
        using Ed25519KeyPair carol = Ed25519KeyPair.Generate();
        using DeviceIdentity alicesPhone = DeviceIdentity.Create(alice, new DeviceAddress("alice", "phone"), s_clock);
        using DeviceIdentity bobsPhone = DeviceIdentity.Create(bob, new DeviceAddress("bob", "phone"), s_clock);
        using DeviceIdentity bobsTablet = DeviceIdentity.Create(bob, new DeviceAddress("bob", "tablet"), s_clock);
        using DeviceIdentity carolsPhone = DeviceIdentity.Create(carol, new DeviceAddress("carol", "phone"), s_clock);
        DeviceList alices = DeviceList.Sign(alice, [alicesPhone.Certificate], null, s_clock);
        DeviceList bobs = DeviceList.Sign(bob, [bobsPhone.Certificate], null, s_clock);
        DeviceList withTablet = DeviceList.Sign(bob, [bobsTablet.Certificate], null, s_clock);
        DeviceList carols = DeviceList.Sign(carol, [carolsPhone.Certificate], null, s_clock);
        using var first = new GroupDevice(alicesPhone, alices);
        using var second = new GroupDevice(bobsPhone, bobs);
        using var third = new GroupDevice(carolsPhone, carols);
        using KeyPackageKeys bobsKeys = second.CreateKeyPackage(s_suite, s_clock);
        using KeyPackageKeys carolsKeys = third.CreateKeyPackage(s_suite, s_clock);
        using PulseGroup chat = PulseGroup.Create(first, "Rooftop", GroupRights.Default, s_suite, s_clock);
        PreparedCommit add = chat.Prepare(new BringIntent(
        [
            new Invitee(bobs.Encode(), [bobsKeys.Message()]), new Invitee(carols.Encode(), [carolsKeys.Message()]),
        ]))!;
        chat.TakeCandidates([add.Commit]);
        using PulseGroup bobsChat = PulseGroup.Join(
            add.Welcomes[0].Message, bobsKeys, second, add.Snapshot, _ => false, _ => null, s_clock, out _);
        using var unlisted = new GroupDevice(bobsTablet, withTablet);
        using KeyPackageKeys tabletKeys = unlisted.CreateKeyPackage(s_suite, s_clock);
        byte[][] candidates =
        [
            [1, 2, 3],
            Lawless(bobsChat, Data(chat.Data with { Name = "Bob's" })),
            Lawless(bobsChat, Data(chat.Data with { Admins = ["bob"] })),
            Lawless(bobsChat, Data(chat.Data with { Admins = ["dave"] })),
            Lawless(bobsChat, Data(chat.Data with { ListsHash = new byte[32] })),
            Lawless(bobsChat, new RemoveProposal(0)),
            Lawless(bobsChat, new AddProposal(tabletKeys.KeyPackage)),
            Lawless(bobsChat, new PrivateProposal(GroupNumbers.DeviceListProposal, bobs.Encode())),
            Lawless(bobsChat, new PrivateProposal(GroupNumbers.LeaveProposal, new byte[105])),
            chat.Prepare(new RoleIntent("carol", GroupRole.Admin))!.Commit,
        ];
        chat.TakeCandidates([candidates[^1]]);
        bobsChat.TakeCandidates([candidates[^1]]);
        byte[] message = chat.Seal("To those who are in"u8);
        byte[][] later = Later(chat, bobsChat, unlisted);
        byte[] laterMessage = chat.Seal("To those who stayed"u8);

        // X2, then a right one that takes the right away; and X1.
        byte[][] thirdEpoch = [External(chat, first, withKey: true), chat.Prepare(new RightsIntent(GroupRights.Default with { ExternalJoin = false }))!.Commit];
        chat.TakeCandidates([thirdEpoch[1]]);
        byte[][] fourthEpoch = [External(chat, first), chat.Prepare(new UpdateIntent())!.Commit];
        return new JsonObject
        {
            ["kind"] = "transcript",
            ["device"] = Hex(carolsPhone.Serialize()),
            ["device_list"] = Hex(carols.Encode()),
            ["key_package"] = Hex(carolsKeys.Message()),
            ["init_private"] = Hex(carolsKeys.InitKey.Reveal()),
            ["leaf_private"] = Hex(carolsKeys.LeafKey.Reveal()),
            ["welcome"] = Hex(add.Welcomes[1].Message),
            ["snapshot"] = Hex(add.Snapshot),
            ["candidates"] = new JsonArray([.. candidates.Select(candidate => (JsonNode)Hex(candidate))]),
            ["message"] = Hex(message),
            ["later_candidates"] = new JsonArray([.. later.Select(candidate => (JsonNode)Hex(candidate))]),
            ["later_message"] = Hex(laterMessage),
            ["third_candidates"] = new JsonArray([.. thirdEpoch.Select(candidate => (JsonNode)Hex(candidate))]),
            ["fourth_candidates"] = new JsonArray([.. fourthEpoch.Select(candidate => (JsonNode)Hex(candidate))]),
        };
    }

    public static JsonObject Compute(JsonObject vector)
    {
        using DeviceIdentity identity = DeviceIdentity.Deserialize(Bytes(vector, "device"));
        using var device = new GroupDevice(identity, DeviceList.Decode(Bytes(vector, "device_list")));
        using var keys = new KeyPackageKeys(
            MlsMessage.Decode<KeyPackage>(Bytes(vector, "key_package")),
            MlsSecret.CopyOf(Bytes(vector, "init_private")),
            MlsSecret.CopyOf(Bytes(vector, "leaf_private")),
            device.Client.SignatureKey.Copy());
        using PulseGroup chat = PulseGroup.Join(
            Bytes(vector, "welcome"), keys, device, Bytes(vector, "snapshot"), _ => false, _ => null, s_clock, out DeviceAddress inviter);
        byte[] joined = chat.EpochAuthenticator();
        CandidateOutcome outcome = chat.TakeCandidates(Candidates(vector, "candidates"));
        var message = (GroupMessageReceived)chat.Receive(Bytes(vector, "message"));
        var computed = new JsonObject
        {
            ["inviter"] = $"{inviter.UserId} {inviter.DeviceId}",
            ["authenticator_joined"] = Hex(joined),
            ["passed_over"] = PassedOver(outcome),
            ["taken"] = outcome.Taken,
            ["admins"] = string.Join(' ', chat.Data.Admins),
            ["authenticator"] = Hex(chat.EpochAuthenticator()),
            ["opened"] = System.Text.Encoding.UTF8.GetString(message.Content),
        };
        CandidateOutcome later = chat.TakeCandidates(Candidates(vector, "later_candidates"));
        message = (GroupMessageReceived)chat.Receive(Bytes(vector, "later_message"));
        computed["later_passed_over"] = PassedOver(later);
        computed["later_taken"] = later.Taken;
        computed["later_members"] = string.Join(' ', chat.Roster.Accounts.Select(account => account.UserId));
        computed["later_authenticator"] = Hex(chat.EpochAuthenticator());
        computed["later_opened"] = System.Text.Encoding.UTF8.GetString(message.Content);
        foreach (string epoch in new[] { "third", "fourth" })
        {
            CandidateOutcome next = chat.TakeCandidates(Candidates(vector, $"{epoch}_candidates"));
            computed[$"{epoch}_passed_over"] = PassedOver(next);
            computed[$"{epoch}_taken"] = next.Taken;
            computed[$"{epoch}_external"] = chat.Data.Rights.ExternalJoin ? 1 : 0;
            computed[$"{epoch}_authenticator"] = Hex(chat.EpochAuthenticator());
        }

        return computed;
    }

    /// <summary>The second epoch's: a member who may not, a request to leave that nobody made or that is not followed, devices that come by
    /// themselves and may not; at last the creator's, which follows the member who asked to leave.</summary>
    private static byte[][] Later(PulseGroup chat, PulseGroup bobsChat, GroupDevice bobsUnlisted)
    {
        using Ed25519KeyPair dave = Ed25519KeyPair.Generate();
        using DeviceIdentity davesPhone = DeviceIdentity.Create(dave, new DeviceAddress("dave", "phone"), s_clock);
        DeviceList daves = DeviceList.Sign(dave, [davesPhone.Certificate], null, s_clock);
        using var stranger = new GroupDevice(davesPhone, daves);
        using KeyPackageKeys davesKeys = stranger.CreateKeyPackage(s_suite, s_clock);
        using var forger = MlsSignatureKey.Import(Fixed("forger"));
        EpochState bobs = bobsChat.Mls.Current;
        PulseData data = chat.Data;
        var withDave = new DeviceListBook([.. chat.Lists.Lists, KnownList.Verify(daves.Encode())]);
        var withoutCarol = new DeviceListBook(chat.Lists.Lists.Where(list => list.UserId != "carol"));
        byte[][] refused =
        [
            Lawless(bobsChat, Data(data with { Rights = data.Rights with { ExternalJoin = false } })),
            Lawless(bobsChat, Data(data with { Creator = "bob" })),
            Lawless(bobsChat, Data(data with { Admins = [] })),
            Lawless(
                bobsChat,
                new AddProposal(davesKeys.KeyPackage),
                new PrivateProposal(GroupNumbers.DeviceListProposal, daves.Encode()),
                Data(data with { ListsHash = withDave.Hash })),
            Lawless(bobsChat, new RemoveProposal(2), Data(data with { Admins = [], ListsHash = withoutCarol.Hash })),
            Lawless(chat, LeaveRequest.Sign(s_suite, bobs.Context, bobs.OwnLeaf, bobs.SignatureKey).ToProposal()),
            Lawless(chat, LeaveRequest.Sign(s_suite, bobs.Context, bobs.OwnLeaf, forger).ToProposal()),
            External(chat, stranger),
            External(chat, bobsUnlisted),
        ];
        chat.Receive(bobsChat.AskToLeave());
        PreparedCommit followed = chat.Prepare(new UpdateIntent())!;
        byte[][] candidates = [.. refused, followed.Commit];
        chat.TakeCandidates([followed.Commit]);
        return candidates;
    }

    /// <summary>A device that comes by itself, or comes back, and asks no rule.</summary>
    private static byte[] External(PulseGroup chat, GroupDevice device, bool withKey = false)
    {
        var services = new GroupServices { Policy = new AnyDevice(), Time = s_clock, Psks = new AnyKey() };
        uint? replaced = chat.Roster.Devices.Where(entry => entry.Leaf.Address == device.Address).Select(entry => (uint?)entry.Index).FirstOrDefault();
        PreSharedKeyId[] keys = withKey ? [PreSharedKeyId.External(s_suite, Fixed("pre-shared key"))] : [];
        using PendingCommit pending = MlsGroup.JoinExternally(
            chat.Mls.GroupInfo(allowExternalJoin: true, withTree: false), device.Client, _ => false, services, chat.Mls.Tree(), replaced, keys);
        return pending.Commit;
    }

    private static JsonArray PassedOver(CandidateOutcome outcome) =>
        [.. outcome.PassedOver.Select(passed => (JsonNode)passed.Reason.ToString())];

    private static ReadOnlyMemory<byte>[] Candidates(JsonObject vector, string name) =>
        [.. vector[name]!.AsArray().Select(candidate => (ReadOnlyMemory<byte>)Convert.FromHexString((string)candidate!))];

    private static GroupContextExtensionsProposal Data(PulseData data) => new(data.ToExtensions());

    /// <summary>A commit of a client that keeps no rule but those of MLS.</summary>
    private static byte[] Lawless(PulseGroup chat, params Proposal[] proposals)
    {
        var services = new GroupServices { Policy = new AnyDevice(), Time = s_clock };
        using MlsGroup group = MlsGroup.Deserialize(chat.Mls.SerializeEpochs(), chat.Mls.SerializeRatchets(), services);
        return group.CreateCommit(new CommitRequest { Proposals = proposals }).Commit;
    }

    private sealed class AnyKey : IPreSharedKeys
    {
        public MlsSecret Find(PreSharedKeyId id) => MlsSecret.CopyOf(Fixed("pre-shared key's value"));
    }

    private sealed class AnyDevice : IGroupPolicy
    {
        public ulong MaxLifetime => ulong.MaxValue;

        public void JudgeLeaf(LeafNode leaf, IReadOnlyList<Extension> groupExtensions)
        {
        }

        public ReadOnlyMemory<byte> ClientOf(LeafNode leaf) => PulseLeaf.Of(leaf).Client;

        public bool MayFollow(LeafNode before, LeafNode after) => true;

        public void JudgeProposal(GroupView group, Sender sender, Proposal proposal)
        {
        }

        public void JudgeCommit(CommitView commit)
        {
        }
    }
}
