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
    private static readonly FixedClock s_clock = ChatOfThree.Clock;
    private static readonly MlsSuite s_suite = MlsSuite.X25519Aes128;

    public static JsonObject Write()
    {
        using var three = new ChatOfThree(s_suite, GroupRights.Default);
        PulseGroup chat = three.Chat;
        PulseGroup bobsChat = three.BobsChat;
        using DeviceIdentity bobsTablet = DeviceIdentity.Create(three.Bob, new DeviceAddress("bob", "tablet"), s_clock);
        DeviceList withTablet = DeviceList.Sign(three.Bob, [bobsTablet.Certificate], null, s_clock);
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
            Lawless(bobsChat, new PrivateProposal(GroupNumbers.DeviceListProposal, three.BobsList.Encode())),
            Lawless(bobsChat, new PrivateProposal(GroupNumbers.LeaveProposal, new byte[105])),
            chat.Prepare(new RoleIntent("carol", GroupRole.Admin))!.Commit,
        ];
        chat.TakeCandidates([candidates[^1]]);
        bobsChat.TakeCandidates([candidates[^1]]);
        byte[] message = chat.Seal("To those who are in"u8);
        byte[][] later = Later(chat, bobsChat, unlisted);
        byte[] laterMessage = chat.Seal("To those who stayed"u8);

        // X2, then a right one that takes the right away; and X1.
        byte[][] thirdEpoch = [External(chat, three.AlicesDevice, withKey: true), chat.Prepare(new RightsIntent(GroupRights.Default with { ExternalJoin = false }))!.Commit];
        chat.TakeCandidates([thirdEpoch[1]]);
        byte[][] fourthEpoch = [External(chat, three.AlicesDevice), chat.Prepare(new UpdateIntent())!.Commit];
        var vector = new JsonObject { ["kind"] = "transcript" };
        three.WriteCarols(vector);
        vector["candidates"] = new JsonArray([.. candidates.Select(candidate => (JsonNode)Hex(candidate))]);
        vector["message"] = Hex(message);
        vector["later_candidates"] = new JsonArray([.. later.Select(candidate => (JsonNode)Hex(candidate))]);
        vector["later_message"] = Hex(laterMessage);
        vector["third_candidates"] = new JsonArray([.. thirdEpoch.Select(candidate => (JsonNode)Hex(candidate))]);
        vector["fourth_candidates"] = new JsonArray([.. fourthEpoch.Select(candidate => (JsonNode)Hex(candidate))]);
        return vector;
    }

    public static JsonObject Compute(JsonObject vector)
    {
        using CarolsChat carols = CarolsChat.Join(vector);
        PulseGroup chat = carols.Chat;
        byte[] joined = chat.EpochAuthenticator();
        CandidateOutcome outcome = chat.TakeCandidates(Candidates(vector, "candidates"));
        var message = (GroupMessageReceived)chat.Receive(Bytes(vector, "message"));
        var computed = new JsonObject
        {
            ["inviter"] = $"{carols.Inviter.UserId} {carols.Inviter.DeviceId}",
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
