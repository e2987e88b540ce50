using System.Text.Json.Nodes;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Mls;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>A chat of three in the default suite as one of them follows it: its Welcome, a message, a change of another member's, one of its
/// epoch, and the removal of the third, after which another message comes.</summary>
internal static class DefaultSuiteChat
{
    private static readonly FixedClock s_clock = new(DateTimeOffset.FromUnixTimeSeconds(1790000000));
    private static readonly MlsSuite s_suite = MlsSuite.XWingAes256;

    public static JsonObject Write()
    {
        using Ed25519KeyPair alice = Ed25519KeyPair.Generate();
        using Ed25519KeyPair bob = Ed25519KeyPair.Generate();
        using Ed25519KeyPair carol = Ed25519KeyPair.Generate();
        using DeviceIdentity alicesPhone = DeviceIdentity.Create(alice, new DeviceAddress("alice", "phone"), s_clock);
        using DeviceIdentity bobsPhone = DeviceIdentity.Create(bob, new DeviceAddress("bob", "phone"), s_clock);
        using DeviceIdentity carolsPhone = DeviceIdentity.Create(carol, new DeviceAddress("carol", "phone"), s_clock);
        DeviceList bobs = DeviceList.Sign(bob, [bobsPhone.Certificate], null, s_clock);
        DeviceList carols = DeviceList.Sign(carol, [carolsPhone.Certificate], null, s_clock);
        using var first = new GroupDevice(alicesPhone, DeviceList.Sign(alice, [alicesPhone.Certificate], null, s_clock));
        using var second = new GroupDevice(bobsPhone, bobs);
        using var third = new GroupDevice(carolsPhone, carols);
        using KeyPackageKeys bobsKeys = second.CreateKeyPackage(s_suite, s_clock);
        using KeyPackageKeys carolsKeys = third.CreateKeyPackage(s_suite, s_clock);
        using PulseGroup chat = PulseGroup.Create(first, "Rooftop", GroupRights.Default with { Rename = GroupRole.Member }, s_suite, s_clock);
        PreparedCommit add = chat.Prepare(new BringIntent(
        [
            new Invitee(bobs.Encode(), [bobsKeys.Message()]), new Invitee(carols.Encode(), [carolsKeys.Message()]),
        ]))!;
        chat.TakeCandidates([add.Commit]);
        using PulseGroup bobsChat = PulseGroup.Join(
            add.Welcomes[0].Message, bobsKeys, second, add.Snapshot, _ => false, _ => null, s_clock, out _);
        byte[] message = chat.Seal("To both"u8);
        byte[] rename = bobsChat.Prepare(new RenameIntent("Roof"))!.Commit;
        bobsChat.TakeCandidates([rename]);
        chat.TakeCandidates([rename]);
        byte[] renamedMessage = bobsChat.Seal("Under another name"u8);
        byte[] removal = chat.Prepare(new RemoveIntent("bob"))!.Commit;
        chat.TakeCandidates([removal]);
        return new JsonObject
        {
            ["kind"] = "chat",
            ["device"] = Hex(carolsPhone.Serialize()),
            ["device_list"] = Hex(carols.Encode()),
            ["key_package"] = Hex(carolsKeys.Message()),
            ["init_private"] = Hex(carolsKeys.InitKey.Reveal()),
            ["leaf_private"] = Hex(carolsKeys.LeafKey.Reveal()),
            ["welcome"] = Hex(add.Welcomes[1].Message),
            ["snapshot"] = Hex(add.Snapshot),
            ["message"] = Hex(message),
            ["rename"] = Hex(rename),
            ["renamed_message"] = Hex(renamedMessage),
            ["removal"] = Hex(removal),
            ["removed_message"] = Hex(chat.Seal("To one"u8)),
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
        var computed = new JsonObject
        {
            ["inviter"] = $"{inviter.UserId} {inviter.DeviceId}",
            ["authenticator_joined"] = Hex(chat.EpochAuthenticator()),
            ["opened"] = Opened("message"),
        };
        chat.TakeCandidates([Bytes(vector, "rename")]);
        computed["renamed"] = chat.Data.Name;
        computed["authenticator_renamed"] = Hex(chat.EpochAuthenticator());
        computed["renamed_opened"] = Opened("renamed_message");
        chat.TakeCandidates([Bytes(vector, "removal")]);
        computed["members"] = string.Join(' ', chat.Roster.Accounts.Select(account => account.UserId));
        computed["authenticator_removed"] = Hex(chat.EpochAuthenticator());
        computed["removed_opened"] = Opened("removed_message");
        return computed;

        string Opened(string name) => System.Text.Encoding.UTF8.GetString(((GroupMessageReceived)chat.Receive(Bytes(vector, name))).Content);
    }
}
