using System.Text.Json.Nodes;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>The inputs of <see cref="LinkingRefusals"/>: good ones with one thing changed, signed and sealed again where that is not what
/// is tried.</summary>
internal static class LinkingRefusalCases
{
    private const long Created = 1_772_000_000;

    private static readonly JsonObject s_good = LinkingAnswers.Write();
    private static readonly byte[] s_payload = PayloadOf(Text(s_good, "payload"));

    private static DateTimeOffset Now => DateTimeOffset.FromUnixTimeSeconds(Created);

    public static IEnumerable<JsonObject> All() => Copies().Concat(Payloads()).Concat(Answers()).Concat(KeyRequests()).Concat(KeyAnswers()).Concat(Stored());

    private static IEnumerable<JsonObject> Copies()
    {
        using Ed25519KeyPair account = Ed25519KeyPair.Import(Fixed("account"));
        byte[] good = RecoveryCopy.Seal(Fixed("recovery key"), account, "alice", Fixed("recovery salt"), Fixed("recovery nonce").AsSpan(0, 12));
        JsonObject Copy(string why, byte[] input, E2EError reason) =>
            Case(why, "recovery copy", Hex(input), reason, Hex(good), ("recovery_key", Hex(Fixed("recovery key"))), ("user_id", "alice"));

        yield return Copy("a changed bit of the tag", Flip(good, good.Length - 1), E2EError.NotAuthentic);
        yield return Copy("version 2", [2, .. good[1..]], E2EError.UnsupportedVersion);
        yield return Copy("too short", good[..^1], E2EError.InvalidEncoding);
        yield return Copy("a byte behind it", [.. good, 0], E2EError.InvalidEncoding);
        yield return Copy("another public key before the tag", Flip(good, 45), E2EError.NotAuthentic);
        yield return Copy("another user's", RecoveryCopy.Seal(Fixed("recovery key"), account, "bob", Fixed("recovery salt"), Fixed("recovery nonce").AsSpan(0, 12)), E2EError.NotAuthentic);
        yield return Copy("under another recovery key", RecoveryCopy.Seal(Fixed("another"), account, "alice", Fixed("recovery salt"), Fixed("recovery nonce").AsSpan(0, 12)), E2EError.NotAuthentic);
    }

    private static IEnumerable<JsonObject> Payloads()
    {
        string good = Text(s_good, "payload");
        JsonObject Payload(string why, string input, E2EError reason, long later = 0, params (string, string)[] changes) =>
            Case(why, "linking payload", input, reason, later == 0 && changes.Length == 0 ? good : null, [("user_id", "alice"), .. changes], later);

        const int IdentityKeyAt = 1 + 16 + 32 + 2 + 5 + 2 + 6;
        yield return Payload("no PML before it", good[3..], E2EError.InvalidEncoding);
        yield return Payload("a character that does not occur", good[..^1] + "U", E2EError.InvalidEncoding);
        yield return Payload("a character too few", good[..^1], E2EError.InvalidEncoding);
        yield return Payload("a character too many", good + "0", E2EError.InvalidEncoding);
        yield return Payload("version 2", TextOf([2, .. s_payload[1..]]), E2EError.UnsupportedVersion);
        yield return Payload("a device id of no bytes", TextOf([.. s_payload[..(IdentityKeyAt - 8)], 0, 0, .. s_payload[IdentityKeyAt..]]), E2EError.InvalidEncoding);
        yield return Payload("an identity key of low order", TextOf([.. s_payload[..IdentityKeyAt], .. new byte[32], .. s_payload[(IdentityKeyAt + 32)..]]), E2EError.InvalidPublicKey);
        yield return Payload("an MLS key that is the neutral point", TextOf([.. s_payload[..(IdentityKeyAt + 64)], 1, .. new byte[31], .. s_payload[(IdentityKeyAt + 96)..]]), E2EError.InvalidPublicKey);
        yield return Payload("a changed bit of its signature", TextOf(Flip(s_payload, s_payload.Length - 64)), E2EError.InvalidSignature);
        yield return Payload("another id than the one signed", TextOf(Flip(s_payload, 1)), E2EError.InvalidSignature);
        yield return Payload("another user's", good, E2EError.WrongIdentity, 0, ("user_id", "bob"));
        yield return Payload("ten minutes and a second old", good, E2EError.LinkRefused, 601);
        yield return Payload("from five minutes and a second ahead", good, E2EError.LinkRefused, -301);
        yield return Payload("answered before", good, E2EError.LinkRefused, 0, ("answered", Hex(s_payload.AsSpan(1, 16))));
    }

    private static IEnumerable<JsonObject> Answers()
    {
        LinkPayload request = LinkPayload.Parse(Text(s_good, "payload"));
        using Ed25519KeyPair account = Ed25519KeyPair.Import(Fixed("account"));
        using Ed25519KeyPair evil = Ed25519KeyPair.Import(Fixed("another account"));
        var clock = new FixedClock(Now);
        DeviceCertificate Issue(string user = "alice", string device = "laptop", X25519PublicKey? identity = null, Ed25519KeyPair? by = null, long begins = 0) =>
            DeviceCertificate.Issue(
                by ?? account, new DeviceAddress(user, device), identity ?? request.IdentityKey, request.SigningKey, request.MlsKey,
                Now.AddSeconds(begins), Now.AddDays(365));
        DeviceList List(params DeviceCertificate[] devices) => DeviceList.Sign(account, devices, null, clock);
        DeviceCertificate own = Issue();
        DeviceList list = List(own);
        byte[] good = LinkAnswerSeal.Seal(request, own, list);
        JsonObject Answer(string why, byte[] input, E2EError reason, long later = 0) =>
            Case(why, "linking answer", Hex(input), reason, later == 0 ? Hex(good) : null, [("stored_request", Hex(StoredRequest()))], later);

        yield return Answer("version 2", [2, .. good[1..]], E2EError.UnsupportedVersion);
        yield return Answer("to another request", Flip(good, 1), E2EError.LinkRefused);
        yield return Answer("too short for an encapsulated key and two tags", good[..(17 + 79)], E2EError.InvalidEncoding);
        yield return Answer("a changed bit of what is sealed", Flip(good, 17), E2EError.NotAuthentic);
        yield return Answer("a changed bit of its code", Flip(good, good.Length - 1), E2EError.NotAuthentic);
        yield return Answer("authenticated with another secret", Authenticated(good[..^32], request, Fixed("another secret")), E2EError.NotAuthentic);
        yield return Answer("a byte behind its content", Sealed(request, [.. ContentOf(own, list), 0]), E2EError.InvalidEncoding);
        yield return Answer("another device", LinkAnswerSeal.Seal(request, Issue(device: "tablet"), list), E2EError.WrongIdentity);
        yield return Answer("another identity key", LinkAnswerSeal.Seal(request, Issue(identity: request.AnswerKey), list), E2EError.WrongIdentity);
        yield return Answer("a certificate that does not verify", LinkAnswerSeal.Seal(request, DeviceCertificate.Decode(Flip(own.Encode(), own.Encode().Length - 1)), list), E2EError.InvalidSignature);
        yield return Answer("a certificate from five minutes and a second ahead", LinkAnswerSeal.Seal(request, Issue(begins: 301), list), E2EError.Expired);
        yield return Answer("a list that does not verify", LinkAnswerSeal.Seal(request, own, DeviceList.Decode(Flip(list.Encode(), list.Encode().Length - 1))), E2EError.InvalidSignature);
        yield return Answer("another user's list", LinkAnswerSeal.Seal(request, own, List(Issue(user: "bob"))), E2EError.WrongIdentity);
        yield return Answer("another account's list", LinkAnswerSeal.Seal(request, own, DeviceList.Sign(evil, [Issue(by: evil)], null, clock)), E2EError.AccountKeyChanged);
        yield return Answer("a list without the device", LinkAnswerSeal.Seal(request, own, List(Issue(device: "tablet"))), E2EError.UnlistedDevice);
        yield return Answer("ten minutes and a second after the request", good, E2EError.LinkRefused, 601);
    }

    private static IEnumerable<JsonObject> KeyRequests()
    {
        byte[] good = Bytes(s_good, "key_request");
        string list = Text(s_good, "device_list");
        using Ed25519KeyPair account = Ed25519KeyPair.Import(Fixed("account"));
        DeviceList without = DeviceList.Sign(
            account, [DeviceList.Decode(Convert.FromHexString(list)).Find("phone")!], null, new FixedClock(Now));
        JsonObject Request(string why, byte[] input, E2EError reason, string? devices = null, long later = 0, params (string, string)[] changes) => Case(
            why, "account key request", Hex(input), reason, devices is null && later == 0 && changes.Length == 0 ? Hex(good) : null,
            [("device_list", devices ?? list), .. changes], later);

        yield return Request("version 2", [2, .. good[1..]], E2EError.UnsupportedVersion);
        yield return Request("too short", good[..^1], E2EError.InvalidEncoding);
        yield return Request("a byte behind it", [.. good, 0], E2EError.InvalidEncoding);
        yield return Request("an answer key of low order", [.. good[..^104], .. new byte[32], .. good[^72..]], E2EError.InvalidPublicKey);
        yield return Request("another user", Flip(good, 19), E2EError.WrongIdentity);
        yield return Request("a device that is not on the list", good, E2EError.UnlistedDevice, Hex(without.Encode()));
        yield return Request("another answer key than the one signed", [.. good[..^104], 9, .. new byte[31], .. good[^72..]], E2EError.InvalidSignature);
        yield return Request("ten minutes and a second old", good, E2EError.LinkRefused, later: 601);
        yield return Request("from five minutes and a second ahead", good, E2EError.LinkRefused, later: -301);
        yield return Request("answered before", good, E2EError.LinkRefused, changes: ("answered", Hex(good.AsSpan(1, 16))));
    }

    private static IEnumerable<JsonObject> KeyAnswers()
    {
        byte[] good = Bytes(s_good, "key_answer");
        JsonObject Answer(string why, byte[] input, E2EError reason) => Case(
            why, "account key answer", Hex(input), reason, Hex(good),
            ("request", Text(s_good, "key_request")), ("answer_private", Text(s_good, "key_answer_private")));

        yield return Answer("version 2", [2, .. good[1..]], E2EError.UnsupportedVersion);
        yield return Answer("to another request", Flip(good, 1), E2EError.LinkRefused);
        yield return Answer("too short", good[..^1], E2EError.InvalidEncoding);
        yield return Answer("a byte behind it", [.. good, 0], E2EError.InvalidEncoding);
        yield return Answer("an encapsulated key of low order", [.. good[..17], .. new byte[32], .. good[49..]], E2EError.InvalidPublicKey);
        yield return Answer("a changed bit of its tag", Flip(good, good.Length - 1), E2EError.NotAuthentic);
    }

    private static IEnumerable<JsonObject> Stored()
    {
        byte[] good = StoredRequest();
        JsonObject Stored(string why, byte[] input, E2EError reason) => Case(why, "stored linking request", Hex(input), reason, Hex(good));
        yield return Stored("version 2", [2, .. good[1..]], E2EError.UnsupportedVersion);
        yield return Stored("a flag of 2", [1, 2, .. good[2..]], E2EError.InvalidEncoding);
        yield return Stored("a byte behind it", [.. good, 0], E2EError.InvalidEncoding);
        foreach ((string name, int at) in new[] { ("identity", 2), ("signing", 34), ("MLS", 66), ("answer", 98) })
        {
            yield return Stored($"another {name} key than the payload's", [.. good[..at], .. Fixed("another key"), .. good[(at + 32)..]], E2EError.WrongIdentity);
        }

        byte[] log = [1, 1, .. new byte[16], .. new byte[8]];
        JsonObject Log(string why, byte[] input, E2EError reason) => Case(why, "linking log", Hex(input), reason, Hex(log));
        yield return Log("version 2", [2, .. log[1..]], E2EError.UnsupportedVersion);
        yield return Log("65 ids", [1, 65, .. new byte[65 * 24]], E2EError.LimitExceeded);
        yield return Log("a byte behind it", [.. log, 0], E2EError.InvalidEncoding);
        yield return Log("a time after the year 9999", [.. log[..18], 0x7f, .. new byte[7]], E2EError.InvalidEncoding);
    }

    private static JsonObject Case(
        string why, string decoder, string input, E2EError reason, string? good, params (string Name, string Value)[] fields) =>
        Case(why, decoder, input, reason, good, fields, later: 0);

    private static JsonObject Case(
        string why, string decoder, string input, E2EError reason, string? good, (string Name, string Value)[] fields, long later)
    {
        var vector = new JsonObject { ["decoder"] = decoder, ["why"] = why };
        foreach ((string name, string value) in fields)
        {
            vector[name] = value;
        }

        vector["now"] = Created + later;
        vector["input"] = input;
        vector["reason"] = reason.ToString();
        if (good is not null)
        {
            vector["good"] = good;
        }

        return vector;
    }

    private static byte[] StoredRequest() =>
    [
        1, 0, .. Bytes(s_good, "identity_private"), .. Bytes(s_good, "signing_private"), .. Bytes(s_good, "mls_private"),
        .. Bytes(s_good, "answer_private"), (byte)(s_payload.Length >> 8), (byte)s_payload.Length, .. s_payload,
    ];

    private static byte[] ContentOf(DeviceCertificate certificate, DeviceList list)
    {
        byte[] first = certificate.Encode();
        byte[] second = list.Encode();
        return [(byte)(first.Length >> 8), (byte)first.Length, .. first, 0, 0, (byte)(second.Length >> 8), (byte)second.Length, .. second];
    }

    private static byte[] Sealed(LinkPayload request, byte[] content) => Authenticated(
        [1, .. request.Id, .. Hpke.Seal(request.AnswerKey, "PulseMeet-E2E v1 link answer"u8, request.Hash, content)], request, request.Secret);

    private static byte[] Authenticated(byte[] front, LinkPayload request, ReadOnlySpan<byte> secret)
    {
        byte[] code = new byte[32];
        HashFunction.Sha256.Mac(secret, LabelledContent.Of("PulseMeet-E2E v1 link answer"u8, [.. request.Hash, .. front]), code);
        return [.. front, .. code];
    }

    private static byte[] PayloadOf(string text) => LinkPayload.Parse(text).Encoded.ToArray();

    private static string TextOf(byte[] payload)
    {
        char[] text = new char[CrockfordBase32.LengthOf(payload.Length)];
        CrockfordBase32.Write(payload, text);
        return "PML" + new string(text);
    }

    private static byte[] Flip(byte[] bytes, int at) => [.. bytes[..at], (byte)(bytes[at] ^ 1), .. bytes[(at + 1)..]];
}
