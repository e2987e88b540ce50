using System.Text.Json.Nodes;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>A linking request with its answer, and a request for the account key with its answer. What is sealed is sealed anew each time
/// the vectors are written, and is checked by opening it.</summary>
internal static class LinkingAnswers
{
    public const string Kind = "linking";

    private static DateTimeOffset Created => DateTimeOffset.FromUnixTimeSeconds(1_772_000_000);

    public static JsonObject Write()
    {
        var vector = new JsonObject
        {
            ["kind"] = Kind,
            ["account_private"] = Hex(Fixed("account")),
            ["user_id"] = "alice",
            ["device_id"] = "laptop",
            ["id"] = Hex(Fixed("link id").AsSpan(0, 16)),
            ["link_secret"] = Hex(Fixed("link secret")),
            ["identity_private"] = Hex(Fixed("laptop identity")),
            ["signing_private"] = Hex(Fixed("laptop signing")),
            ["mls_private"] = Hex(Fixed("laptop mls")),
            ["answer_private"] = Hex(Fixed("laptop answer")),
            ["created"] = Created.ToUnixTimeSeconds(),
        };
        using LinkRequest request = Request(vector);
        using Ed25519KeyPair account = Ed25519KeyPair.Import(Fixed("account"));
        DeviceCertificate phone = DeviceCertificate.Issue(
            account,
            new DeviceAddress("alice", "phone"),
            X25519KeyPair.Import(Fixed("phone identity")).PublicKey,
            Ed25519KeyPair.Import(Fixed("phone signing")).PublicKey,
            Ed25519KeyPair.Import(Fixed("phone mls")).PublicKey,
            Created,
            Created.AddDays(365));
        var clock = new FixedClock(Created);
        DeviceList list = DeviceList.Sign(account, [phone], null, clock);
        var log = new LinkLog();
        LinkAnswer answer = LinkApproval.Read(request.Payload, "alice", log, Created).Approve(account, list, log, clock);
        vector["answer"] = Hex(answer.ToArray());
        using DeviceIdentity laptop = request.Complete(answer.ToArray(), Created).Identity;
        using X25519KeyPair keyAnswer = X25519KeyPair.Import(Fixed("key answer"));
        byte[] keyRequest = LinkKeyPayload.Create(laptop, Fixed("key request id").AsSpan(0, 16), keyAnswer.PublicKey, Created);
        vector["key_answer_private"] = Hex(keyAnswer);
        vector["key_request_id"] = Hex(Fixed("key request id").AsSpan(0, 16));
        vector["key_answer"] = Hex(LinkKeyPayload.SealAnswer(keyRequest, keyAnswer.PublicKey, account));
        AddTo(vector, Compute(vector));
        return vector;
    }

    public static JsonObject Compute(JsonObject vector)
    {
        using LinkRequest request = Request(vector);
        LinkedDevice linked = request.Complete(Bytes(vector, "answer"), Created);
        using DeviceIdentity laptop = linked.Identity;
        using X25519KeyPair keyAnswer = X25519KeyPair.Import(Bytes(vector, "key_answer_private"));
        byte[] keyRequest = LinkKeyPayload.Create(laptop, Bytes(vector, "key_request_id"), keyAnswer.PublicKey, Created);
        using Ed25519KeyPair account = LinkKeyPayload.OpenAnswer(keyRequest, keyAnswer, Bytes(vector, "key_answer"));
        return new JsonObject
        {
            ["kind"] = Kind,
            ["account_private"] = Hex(account),
            ["payload"] = request.Payload,
            ["certificate"] = Hex(laptop.Certificate.Encode()),
            ["device_list"] = Hex(linked.Devices.Encode()),
            ["key_request"] = Hex(keyRequest),
        };
    }

    private static LinkRequest Request(JsonObject vector)
    {
        byte[] identity = Bytes(vector, "identity_private");
        byte[] signing = Bytes(vector, "signing_private");
        byte[] mls = Bytes(vector, "mls_private");
        byte[] answer = Bytes(vector, "answer_private");
        using Ed25519KeyPair signingKey = Ed25519KeyPair.Import(signing);
        LinkPayload payload = LinkPayload.Create(
            new DeviceAddress(Text(vector, "user_id"), Text(vector, "device_id")),
            X25519KeyPair.Import(identity).PublicKey,
            signingKey,
            Ed25519KeyPair.Import(mls).PublicKey,
            X25519KeyPair.Import(answer).PublicKey,
            DateTimeOffset.FromUnixTimeSeconds(Number(vector, "created")),
            [.. Bytes(vector, "id"), .. Bytes(vector, "link_secret")]);
        ReadOnlySpan<byte> encoded = payload.Encoded;
        return LinkRequest.Deserialize(
            [1, 0, .. identity, .. signing, .. mls, .. answer, (byte)(encoded.Length >> 8), (byte)encoded.Length, .. encoded]);
    }

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
