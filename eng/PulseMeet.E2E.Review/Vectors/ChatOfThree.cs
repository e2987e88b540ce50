using System.Text.Json.Nodes;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Mls;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Alice, who creates a chat, and Bob and Carol, whom she adds to it, each with a phone.</summary>
internal sealed class ChatOfThree : IDisposable
{
    private readonly Ed25519KeyPair _alice = Ed25519KeyPair.Generate();
    private readonly Ed25519KeyPair _carol = Ed25519KeyPair.Generate();
    private readonly DeviceIdentity _alicesPhone;
    private readonly DeviceIdentity _bobsPhone;
    private readonly DeviceIdentity _carolsPhone;
    private readonly GroupDevice _bobsDevice;
    private readonly GroupDevice _carolsDevice;
    private readonly KeyPackageKeys _bobsKeys;
    private readonly KeyPackageKeys _carolsKeys;
    private readonly DeviceList _carols;
    private readonly PreparedCommit _add;

    public ChatOfThree(MlsSuite suite, GroupRights rights)
    {
        _alicesPhone = DeviceIdentity.Create(_alice, new DeviceAddress("alice", "phone"), Clock);
        _bobsPhone = DeviceIdentity.Create(Bob, new DeviceAddress("bob", "phone"), Clock);
        _carolsPhone = DeviceIdentity.Create(_carol, new DeviceAddress("carol", "phone"), Clock);
        BobsList = DeviceList.Sign(Bob, [_bobsPhone.Certificate], null, Clock);
        _carols = DeviceList.Sign(_carol, [_carolsPhone.Certificate], null, Clock);
        AlicesDevice = new GroupDevice(_alicesPhone, DeviceList.Sign(_alice, [_alicesPhone.Certificate], null, Clock));
        _bobsDevice = new GroupDevice(_bobsPhone, BobsList);
        _carolsDevice = new GroupDevice(_carolsPhone, _carols);
        _bobsKeys = _bobsDevice.CreateKeyPackage(suite, Clock);
        _carolsKeys = _carolsDevice.CreateKeyPackage(suite, Clock);
        Chat = PulseGroup.Create(AlicesDevice, "Rooftop", rights, suite, Clock);
        _add = Chat.Prepare(new BringIntent(
        [
            new Invitee(BobsList.Encode(), [_bobsKeys.Message()]), new Invitee(_carols.Encode(), [_carolsKeys.Message()]),
        ]))!;
        Chat.TakeCandidates([_add.Commit]);
        BobsChat = PulseGroup.Join(_add.Welcomes[0].Message, _bobsKeys, _bobsDevice, _add.Snapshot, _ => false, _ => null, Clock, out _);
    }

    public static FixedClock Clock { get; } = new(DateTimeOffset.FromUnixTimeSeconds(1790000000));

    public Ed25519KeyPair Bob { get; } = Ed25519KeyPair.Generate();

    public DeviceList BobsList { get; }

    public GroupDevice AlicesDevice { get; }

    /// <summary>The chat as Alice holds it.</summary>
    public PulseGroup Chat { get; }

    public PulseGroup BobsChat { get; }

    /// <summary>What Carol needs to join it, into a vector.</summary>
    public void WriteCarols(JsonObject vector)
    {
        vector["device"] = Hex(_carolsPhone.Serialize());
        vector["device_list"] = Hex(_carols.Encode());
        vector["key_package"] = Hex(_carolsKeys.Message());
        vector["init_private"] = Hex(_carolsKeys.InitKey.Reveal());
        vector["leaf_private"] = Hex(_carolsKeys.LeafKey.Reveal());
        vector["welcome"] = Hex(_add.Welcomes[1].Message);
        vector["snapshot"] = Hex(_add.Snapshot);
    }

    public void Dispose()
    {
        IDisposable[] all =
            [BobsChat, Chat, _carolsKeys, _bobsKeys, _carolsDevice, _bobsDevice, AlicesDevice, _carolsPhone, _bobsPhone, _alicesPhone, _carol, Bob, _alice];
        all.ToList().ForEach(one => one.Dispose());
    }
}
