using System.Text.Json.Nodes;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Mls;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Forms of pulse chats that a reader refuses, with the reason.</summary>
internal static class GroupRefusals
{
    private static readonly byte[] s_hash = Fixed("lists");

    public static IEnumerable<JsonObject> All =>
    [
        Refused("refused context", Context(version: 2), "another version"),
        Refused("refused context", [.. Context(), 0], "a byte behind the end"),
        Refused("refused context", Context()[..^1], "too short"),
        Refused("refused context", Context(admins: ["carol", "bob"]), "admins out of order"),
        Refused("refused context", Context(admins: ["bob", "bob"]), "an admin twice"),
        Refused("refused context", Context(admins: ["alice"]), "the creator among the admins"),
        Refused("refused context", Context(admins: [""]), "an admin without a name"),
        Refused("refused context", Context(rights: [1, 0, 1, 1, 1]), "every member may remove"),
        Refused("refused context", Context(rights: [1, 1, 1, 0, 1]), "every member may give roles"),
        Refused("refused context", Context(rights: [3, 1, 1, 1, 1]), "a role that there is not"),
        Refused("refused context", Context(rights: [1, 1, 1, 1, 2]), "a flag that is neither 0 nor 1"),
        Refused("refused context", Context(name: new string('a', GroupLimits.MaxNameSize + 1)), "a name that is too long"),
        Refused("refused context", [1, 0x40, 0x07, .. Context()[2..]], "a length in more bytes than it needs"),
        Refused("refused context", [1, 0x3f, .. Context()[2..]], "a length beyond the end"),
        Refused("refused context", [1, 1, 0xff, .. Context(name: string.Empty)[2..]], "a name that is no UTF-8"),
        Refused("refused context", [1, 3, 0xed, 0xa0, 0x80, .. Context(name: string.Empty)[2..]], "a name with half of a pair of surrogates"),
        Refused(
            "refused context",
            Context(admins: [.. Enumerable.Range(0, GroupLimits.MaxAdmins + 1).Select(i => $"admin {i:d2}")]),
            "more than 64 admins"),
        Refused("refused context", Context(admins: [new string('a', DeviceAddress.MaxIdSize + 1)]), "an admin's id of 65 bytes"),
        Refused("refused leaf extension", new byte[40], "a list without a number"),
        Refused("refused leaf extension", [0xff, .. new byte[39]], "a number above 2^63 - 1"),
        Refused("refused leaf extension", [0, 0, 0, 0, 0, 0, 0, 1, .. s_hash, 0], "a byte behind the end"),
        Refused("refused leave", new byte[104], "too short"),
        Refused("refused leave", [2, .. new byte[104]], "another version"),
        Refused("refused statement", [1, 0, 0], "no epoch"),
        Refused("refused statement", [1, 0, 17, .. new byte[17 * 72]], "too many epochs"),
        Refused("refused statement", [1, 0, 2, .. new byte[2 * 72]], "epochs that do not fall"),
        Refused("refused statement", [2, 0, 0], "another version"),
        Refused("refused snapshot", [1, 0, 0, 0], "a byte behind the end"),
        Refused("refused snapshot", [1, 2, 1, 0, 0], "a list that is none"),
        Refused("refused snapshot", [2, 0, 0], "another version"),
        Refused("refused snapshot", Snapshot("bob", "alice"), "lists out of order"),
        Refused("refused snapshot", Snapshot("alice", "alice"), "two lists of one account"),
        Refused("refused snapshot", Changed(Snapshot("alice")), "a list whose signature does not verify"),
        Refused("refused statement", [.. Statement(), 0], "a byte behind the end"),
        Refused("refused statement", Statement()[..^1], "too short"),
    ];

    public static JsonObject Compute(JsonObject vector)
    {
        if (!Text(vector, "kind").StartsWith("refused ", StringComparison.Ordinal))
        {
            throw new FormatException("The kind is not known.");
        }

        byte[] encoded = Bytes(vector, "encoded");
        return new JsonObject
        {
            ["reason"] = Text(vector, "kind") switch
            {
                "refused context" => Reason(() => PulseData.Of([new Extension(GroupNumbers.PulseExtension, encoded)])),
                "refused leaf extension" => Reason(() => DeviceListName.Of(LeafWith(encoded))),
                "refused leave" => Reason(() => LeaveRequest.Decode(encoded)),
                "refused statement" => Reason(() => ForkStatement.Decode(encoded)),
                "refused snapshot" => Reason(() => GroupSnapshot.Decode(encoded)),
                _ => throw new FormatException("The kind is not known."),
            },
        };
    }

    private static JsonObject Refused(string kind, byte[] encoded, string why) =>
        new() { ["kind"] = kind, ["encoded"] = Hex(encoded), ["why"] = why };

    private static byte[] Context(byte version = 1, string name = "Rooftop", string[]? admins = null, byte[]? rights = null)
    {
        using var writer = new MlsWriter();
        writer.WriteByte(version);
        PulseData.WriteText(writer, name);
        PulseData.WriteText(writer, "alice");
        int start = writer.BeginVector();
        foreach (string admin in admins ?? ["bob", "carol"])
        {
            PulseData.WriteText(writer, admin);
        }

        writer.EndVector(start);
        writer.WriteBytes(rights ?? [1, 1, 1, 1, 1]);
        writer.WriteBytes(s_hash);
        return writer.ToArray();
    }

    private static byte[] Snapshot(params string[] userIds)
    {
        using var lists = new MlsWriter();
        int start = lists.BeginVector();
        foreach (string userId in userIds)
        {
            using Ed25519KeyPair account = Ed25519KeyPair.Generate();
            using DeviceIdentity phone = DeviceIdentity.Create(account, new DeviceAddress(userId, "phone"), TimeProvider.System);
            lists.WriteVector(DeviceList.Sign(account, [phone.Certificate], null, TimeProvider.System).Encode());
        }

        lists.EndVector(start);
        return [1, .. lists.ToArray(), 0];
    }

    /// <summary>With another last byte of the last list: the end of its signature.</summary>
    private static byte[] Changed(byte[] snapshot)
    {
        snapshot[^2] ^= 1;
        return snapshot;
    }

    private static byte[] Statement() => new ForkStatement(
        Fixed("group"), [new EpochMark(7, Fixed("authenticator"), Fixed("commit"))]).Encode();

    private static LeafNode LeafWith(byte[] extension)
    {
        using var key = MlsSignatureKey.Import(Fixed("leaf key"));
        var client = new MlsClient(Credential.Basic("alice"u8), key);
        LeafNodeContent content = client.LeafContent(new byte[32]);
        return LeafNode.Sign(
            MlsSuite.X25519Aes128,
            new LeafNodeContent(
                content.EncryptionKey,
                content.SignatureKey,
                content.Credential,
                content.Capabilities,
                [new Extension(GroupNumbers.DeviceListExtension, extension)]),
            LeafNodeSource.Update,
            default,
            [],
            default,
            key);
    }

    internal static string Reason(Action action)
    {
        try
        {
            action();
            return "none";
        }
        catch (E2EException refused)
        {
            return refused.Reason.ToString();
        }
    }
}
