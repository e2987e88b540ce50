using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Refusals of keys, sealed messages and states, sealing to a public key and legacy formats.</summary>
internal sealed class SealingRefusals : RefusalVectors
{
    private static readonly MessageContext s_place = new("dm_alice_bob", "alice", "bob", "42");
    private static readonly byte[] s_key = Fixed("refusals key");

    public override string FileName => "refusals-sealing.json";

    public override string Description =>
        "What has to be refused. Keys are SHA-256 of \"PulseMeet.E2E vector refusals key\"; the sealed message's place is that of sealing.json, the "
        + "state's name is \"x\"; info and associated data of sealing to a public key are empty; a legacy row has no metadata. "
        + "Where there are «zeros», so many zero bytes stand behind the input.";

    protected override IReadOnlyDictionary<string, Action<byte[]>> Decoders { get; } = new Dictionary<string, Action<byte[]>>
    {
        ["X25519 public key"] = input => X25519PublicKey.FromBytes(input),
        ["Ed25519 public key"] = input => Ed25519PublicKey.FromBytes(input),
        ["ML-KEM-768 public key"] = input => MlKemPublicKey.FromBytes(input),
        ["sealed message"] = OpenMessage,
        ["sealed device state"] = OpenState,
        ["sealed to a public key"] = OpenHpke,
        ["legacy message"] = input => LegacyMessage.Parse(System.Text.Encoding.UTF8.GetString(input), null),
        ["legacy media file"] = input => LegacyMediaFile.Parse(input),
    };

    protected override IEnumerable<Entry> Entries =>
        [.. PublicKeys(), .. Sealed(), .. Hpkes(), .. LegacyFormats()];

    private static IEnumerable<Entry> PublicKeys()
    {
        const string Curve = "X25519 public key";
        yield return new(Curve, new byte[32], E2EError.InvalidPublicKey, "low order: 0");
        yield return new(Curve, [1, .. new byte[31]], E2EError.InvalidPublicKey, "low order: 1");
        foreach (string hex in new[]
            {
                "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            })
        {
            yield return new(Curve, Convert.FromHexString(hex), E2EError.InvalidPublicKey, "low order");
        }

        yield return new(
            Curve, [0xf0, .. Enumerable.Repeat((byte)0xff, 30), 0x7f], E2EError.InvalidPublicKey, "not below 2^255 - 19");
        yield return new(Curve, [9, .. new byte[30], 0x80], E2EError.InvalidPublicKey, "high bit set");
        yield return new(Curve, [9, .. new byte[30]], E2EError.InvalidPublicKey, "31 bytes");
        yield return new("Ed25519 public key", [1, .. new byte[31]], E2EError.InvalidPublicKey, "the neutral point");
        yield return new("Ed25519 public key", new byte[32], E2EError.InvalidPublicKey, "order 4");
        yield return new(
            "Ed25519 public key", [0xf0, .. Enumerable.Repeat((byte)0xff, 30), 0x7f], E2EError.InvalidPublicKey, "not canonical");
        yield return new("Ed25519 public key", new byte[33], E2EError.InvalidPublicKey, "33 bytes");
        yield return new("ML-KEM-768 public key", new byte[1183], E2EError.InvalidPublicKey, "1,183 bytes");
        yield return new(
            "ML-KEM-768 public key", [0x01, 0x0d, .. new byte[1182]], E2EError.InvalidPublicKey, "the first coefficient is 3329");
    }

    private static IEnumerable<Entry> Sealed()
    {
        byte[] good = SealAs("PulseMeet-E2E v1 sealed message"u8, [.. "hi"u8, 0x80, .. new byte[61]]);
        const string Message = "sealed message";
        yield return new(Message, [], E2EError.InvalidEncoding, "empty");
        yield return new(Message, [2, .. good[1..]], E2EError.UnsupportedVersion, "version 2");
        yield return new(Message, good[..24], E2EError.InvalidEncoding, "ends within the nonce");
        yield return new(Message, good[..41], E2EError.InvalidEncoding, "a tag and no padding");
        yield return new(Message, good[..25], E2EError.LimitExceeded, "a body longer than any", SealedBody.MaxSealed + 1);
        yield return new(Message, good[..^1], E2EError.NotAuthentic, "the tag has lost a byte");
        yield return new(Message, [.. good, 0], E2EError.NotAuthentic, "a byte too many");
        yield return new(Message, [.. good[..^1], (byte)(good[^1] ^ 1)], E2EError.NotAuthentic, "a changed bit of the tag");
        yield return new(
            Message,
            SealAs("PulseMeet-E2E v1 archived message"u8, [.. "hi"u8, 0x80, .. new byte[61]]),
            E2EError.NotAuthentic,
            "an archived message");
        yield return new(
            Message, SealAs("PulseMeet-E2E v1 sealed message"u8, new byte[64]), E2EError.InvalidEncoding, "padding of zeros alone");
        yield return new(
            Message,
            SealAs("PulseMeet-E2E v1 sealed message"u8, [.. "hi"u8, 0x80, 0x01]),
            E2EError.InvalidEncoding,
            "the last byte that is not zero is not 0x80");
        yield return new("sealed device state", good, E2EError.NotAuthentic, "a sealed message under the same key");
        yield return new("sealed device state", good[..25], E2EError.LimitExceeded, "a body longer than any", SealedBody.MaxSealed + 1);
        yield return new("sealed device state", [0, .. good[1..]], E2EError.UnsupportedVersion, "version 0");
    }

    private static IEnumerable<Entry> Hpkes()
    {
        const string Name = "sealed to a public key";
        yield return new(Name, new byte[47], E2EError.InvalidEncoding, "shorter than key and tag");
        yield return new(Name, new byte[48], E2EError.InvalidPublicKey, "the encapsulated key has low order");
        yield return new(Name, [9, .. new byte[30], 0x80, .. new byte[16]], E2EError.InvalidPublicKey, "high bit set");
        yield return new(Name, [9, .. new byte[47]], E2EError.NotAuthentic, "the tag is not this message's");
    }

    private static IEnumerable<Entry> LegacyFormats()
    {
        const string Metadata = "\"metadata\":{\"iv\":\"AAAAAAAAAAAAAAAA\",\"auth_tag\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}";
        yield return Legacy("{" + Metadata + "}", E2EError.InvalidEncoding, "no ciphertext");
        yield return Legacy("{\"ciphertext\":\"\"}", E2EError.InvalidEncoding, "no metadata");
        yield return Legacy("{" + Metadata + "," + Metadata + ",\"ciphertext\":\"\"}", E2EError.InvalidEncoding, "metadata stands twice");
        yield return Legacy(
            "{" + Metadata.Replace("}", ",\"version\":2}", StringComparison.Ordinal) + ",\"ciphertext\":\"\"}", E2EError.UnsupportedVersion, "version 2");
        yield return Legacy(
            "{" + Metadata.Replace("}", ",\"algorithm\":\"aes-128-gcm\"}", StringComparison.Ordinal) + ",\"ciphertext\":\"\"}",
            E2EError.UnsupportedVersion,
            "another algorithm");
        yield return Legacy(
            "{" + Metadata.Replace("AAAAAAAAAAAAAAAA\"", "AAAA\"", StringComparison.Ordinal) + ",\"ciphertext\":\"\"}",
            E2EError.InvalidEncoding,
            "a nonce of 3 bytes");
        yield return Legacy("{" + Metadata + ",\"ciphertext\":\"\"} x", E2EError.InvalidEncoding, "something behind the object");
        yield return Legacy("not base64!", E2EError.InvalidEncoding, "neither JSON nor base64");
        yield return Legacy("AAAA", E2EError.InvalidEncoding, "a ciphertext without the row's metadata");
        yield return new(
            "legacy media file", System.Text.Encoding.UTF8.GetBytes("{" + Metadata + ",\"ciphertext\":\"\"}"), E2EError.InvalidEncoding, "a message, no file");
    }

    private static Entry Legacy(string content, E2EError reason, string why) =>
        new("legacy message", System.Text.Encoding.UTF8.GetBytes(content), reason, why);

    /// <summary>A sealed message with any padded plaintext.</summary>
    private static byte[] SealAs(ReadOnlySpan<byte> label, byte[] padded)
    {
        byte[] salt = Fixed("refusals salt")[..12];
        byte[] nonce = Fixed("refusals nonce")[..12];
        byte[] cipherKey = new byte[32];
        Hkdf.DeriveKey(s_key, salt, label, cipherKey);
        byte[] associatedData = new byte[MessageContext.MaxEncodedSize];
        byte[] body = new byte[padded.Length + AesGcm256.TagSize];
        AesGcm256.Seal(cipherKey, nonce, padded, associatedData.AsSpan(0, s_place.Encode(associatedData)), body);
        return [1, .. salt, .. nonce, .. body];
    }

    private static void OpenMessage(byte[] input)
    {
        using ConversationKey key = ConversationKey.Import(s_key);
        new MessageSealer(new MessageSealingOptions()).Open(key, input, s_place);
    }

    private static void OpenState(byte[] input)
    {
        using DeviceKey key = DeviceKey.Import(s_key);
        StateSealer.Open(key, "x", input);
    }

    private static void OpenHpke(byte[] input)
    {
        using X25519KeyPair own = X25519KeyPair.Import(s_key);
        Hpke.Open(own, default, default, input);
    }
}
