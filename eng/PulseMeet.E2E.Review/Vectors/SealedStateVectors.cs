using System.Text.Json.Nodes;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Archived messages, backups and device states: the sealed message's form under other keys, labels and associated data; and
/// the authentication code.</summary>
internal sealed class SealedStateVectors : IVectorTopic
{
    private static readonly Dictionary<string, string> s_labels = new()
    {
        ["archived message"] = "PulseMeet-E2E v1 archived message",
        ["backup"] = "PulseMeet-E2E v1 sealed backup",
        ["device state"] = "PulseMeet-E2E v1 sealed device state",
    };

    public string FileName => "sealed-state.json";

    public string Description =>
        "Archived message, sealed backup and sealed device state. The places are conversation, sender, recipient and message, or a name.";

    public JsonArray Write() =>
    [
        Vector("archived message", "dm_alice_bob", "alice", "bob", "42"),
        Vector("backup", "part 1"),
        Vector("device state", "session bob/phone"),
    ];

    public IEnumerable<string> Differences(JsonObject vector)
    {
        foreach (string name in Compare(vector, Compute(vector)))
        {
            yield return name;
        }

        if (Hex(Open(vector)) != Text(vector, "plaintext"))
        {
            yield return "plaintext";
        }
    }

    private static JsonObject Vector(string kind, params string[] places)
    {
        var vector = new JsonObject
        {
            ["kind"] = kind,
            ["key"] = Hex(Fixed("state key")),
            ["salt"] = Hex(Fixed("state salt").AsSpan(0, 12)),
            ["nonce"] = Hex(Fixed("state nonce").AsSpan(0, 12)),
            ["places"] = string.Join('|', places),
            ["plaintext"] = Hex("Doors at 19:30."u8),
        };
        AddTo(vector, Compute(vector));
        return vector;
    }

    private static byte[] Open(JsonObject vector)
    {
        byte[] key = Bytes(vector, "key");
        byte[] record = Bytes(vector, "sealed");
        string[] places = Text(vector, "places").Split('|');
        switch (Text(vector, "kind"))
        {
            case "backup":
                using (BackupKey backup = BackupKey.Import(key))
                {
                    return StateSealer.Open(backup, places[0], record);
                }

            case "device state":
                using (DeviceKey device = DeviceKey.Import(key))
                {
                    return StateSealer.Open(device, places[0], record);
                }

            default:
                using (ArchiveKey archive = ArchiveKey.Import(key))
                {
                    return new MessageSealer(new MessageSealingOptions()).Open(
                        archive, record, new MessageContext(places[0], places[1], places[2], places[3]));
                }
        }
    }

    private static JsonObject Compute(JsonObject vector)
    {
        byte[] plaintext = Bytes(vector, "plaintext");
        byte[] padded = new byte[PaddingScheme.Default.GetPaddedLength(plaintext.Length)];
        Padding.Write(plaintext, padded);
        byte[] associatedData = [1, .. Text(vector, "places").Split('|').SelectMany(Field)];
        byte[] cipherKey = new byte[32];
        byte[] label = System.Text.Encoding.UTF8.GetBytes(
            s_labels.GetValueOrDefault(Text(vector, "kind")) ?? throw new FormatException("No such kind."));
        Hkdf.DeriveKey(Bytes(vector, "key"), Bytes(vector, "salt"), label, cipherKey);
        byte[] body = new byte[padded.Length + AesGcm256.TagSize];
        AesGcm256.Seal(cipherKey, Bytes(vector, "nonce"), padded, associatedData, body);
        using AuthenticationKey authentication = AuthenticationKey.Import(Bytes(vector, "key"));
        return new JsonObject
        {
            ["associated_data"] = Hex(associatedData),
            ["cipher_key"] = Hex(cipherKey),
            ["sealed"] = Hex([1, .. Bytes(vector, "salt"), .. Bytes(vector, "nonce"), .. body]),
            ["authentication_code_of_plaintext"] = Hex(authentication.Authenticate(plaintext)),
        };
    }

    private static byte[] Field(string text)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        return [(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
    }
}
