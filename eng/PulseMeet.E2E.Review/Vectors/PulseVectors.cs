using System.Text.Json.Nodes;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>What pulse chats send and in what it travels: X-Wing, messages with their keys, packages, lines, and a chat in the default suite.</summary>
internal sealed class PulseVectors : IVectorTopic
{
    public string FileName => "pulses.json";

    public string Description => "Pulse chats on the way: X-Wing; a message in either suite, from the epoch's secrets to its text; what goes up around Welcomes, group infos and key packages; what is said of lines; and a chat in the default suite that a joiner follows.";

    public bool IsFresh => true;

    public JsonArray Write()
    {
        JsonObject chat = DefaultSuiteChat.Write();
        return
        [
            Computed(XWingPair()),
            .. PulseMessageVectors.All.Select(Computed),
            Computed(new JsonObject
            {
                ["kind"] = "welcome package",
                ["snapshot"] = Text(chat, "snapshot"),
                ["message"] = Text(chat, "welcome"),
            }),
            Computed(new JsonObject
            {
                ["kind"] = "key packages",
                ["messages"] = new JsonArray(Text(chat, "key_package")),
            }),
            .. Enumerable.Range(PulseLine.Says, PulseLine.Denies + 1).Select(kind => Computed(new JsonObject
            {
                ["kind"] = "line",
                ["line_kind"] = kind,
                ["since"] = 41,
                ["denied"] = kind == PulseLine.Denies ? Hex(Sha256.Hash(Fixed("denied"))) : string.Empty,
                ["statement"] = Hex(Fixed("statement")),
            })),
            .. Refusals.Select(Computed),
            Computed(chat),
        ];
    }

    public IEnumerable<string> Differences(JsonObject vector) => Compare(vector, Compute(vector));

    private static IEnumerable<JsonObject> Refusals =>
    [
        Refused("refused welcome package", [2, .. new byte[32], 1], "another version"),
        Refused("refused welcome package", [1, .. new byte[31]], "too short"),
        Refused("refused key packages", [2, 1, 0, 0, 0, 0], "another version"),
        Refused("refused key packages", [1, 0], "none"),
        Refused("refused key packages", [1, 9, .. new byte[36]], "more than eight"),
        Refused("refused key packages", [1, 1, 0, 0, 0, 1, 7, 7], "a byte behind the end"),
        Refused("refused line", [6, .. new byte[8]], "another kind"),
        Refused("refused line", [0, .. new byte[7]], "too short"),
        Refused("refused line", [5, .. new byte[39]], "too short for what is denied"),
    ];

    private static JsonObject Computed(JsonObject vector)
    {
        AddTo(vector, Compute(vector));
        return vector;
    }

    private static JsonObject Compute(JsonObject vector)
    {
        string kind = Text(vector, "kind");
        JsonObject computed = kind switch
        {
            "x-wing" => XWingComputed(vector),
            "message" => PulseMessageVectors.Compute(vector),
            "welcome package" => WelcomePackage(vector),
            "key packages" => new JsonObject
            {
                ["package"] = Hex(PulsePackage.OfKeyPackages([.. vector["messages"]!.AsArray().Select(message => Convert.FromHexString((string)message!))])),
            },
            "line" => new JsonObject
            {
                ["body"] = Hex(new PulseLine((byte)Number(vector, "line_kind"), (ulong)Number(vector, "since"), Bytes(vector, "statement"))
                {
                    Denied = Bytes(vector, "denied"),
                }.Encode()),
            },
            "chat" => DefaultSuiteChat.Compute(vector),
            _ => Refusal(vector, kind),
        };
        computed["kind"] = kind;
        return computed;
    }

    private static JsonObject XWingPair()
    {
        byte[] privateKey = new byte[XWing.Instance.PrivateKeySize];
        byte[] publicKey = new byte[XWing.Instance.PublicKeySize];
        XWing.Instance.DeriveKeyPair(Fixed("x-wing input"), privateKey, publicKey);
        byte[] ciphertext = new byte[XWing.Instance.EncapsulationSize];
        XWing.Instance.TryEncapsulate(publicKey, ciphertext, new byte[XWing.Instance.SharedSecretSize]);
        return new JsonObject { ["kind"] = "x-wing", ["ikm"] = Hex(Fixed("x-wing input")), ["ciphertext"] = Hex(ciphertext) };
    }

    private static JsonObject XWingComputed(JsonObject vector)
    {
        byte[] privateKey = new byte[XWing.Instance.PrivateKeySize];
        byte[] publicKey = new byte[XWing.Instance.PublicKeySize];
        XWing.Instance.DeriveKeyPair(Bytes(vector, "ikm"), privateKey, publicKey);
        byte[] sharedSecret = new byte[XWing.Instance.SharedSecretSize];
        bool isOpened = XWing.Instance.TryDecapsulate(privateKey, Bytes(vector, "ciphertext"), sharedSecret);
        return new JsonObject
        {
            ["private_key"] = Hex(privateKey),
            ["public_key"] = Hex(publicKey),
            ["shared_secret"] = isOpened ? Hex(sharedSecret) : string.Empty,
        };
    }

    private static JsonObject WelcomePackage(JsonObject vector)
    {
        byte[] hash = Sha256.Hash(Bytes(vector, "snapshot"));
        byte[] message = Bytes(vector, "message");
        return new JsonObject
        {
            ["package"] = Hex(PulsePackage.WithSnapshot(hash, message)),
            ["envelope_id"] = Hex(Sha256.Hash(message).AsSpan(0, MessageId.Size)),
        };
    }

    private static JsonObject Refused(string kind, byte[] encoded, string why) =>
        new() { ["kind"] = kind, ["encoded"] = Hex(encoded), ["why"] = why };

    private static JsonObject Refusal(JsonObject vector, string kind) => new()
    {
        ["reason"] = kind switch
        {
            "refused welcome package" => GroupRefusals.Reason(() => PulsePackage.ReadWithSnapshot(Bytes(vector, "encoded"))),
            "refused key packages" => GroupRefusals.Reason(() => PulsePackage.ReadKeyPackages(Bytes(vector, "encoded"))),
            "refused line" => GroupRefusals.Reason(() => PulseLine.Decode(Bytes(vector, "encoded"))),
            _ => throw new FormatException("The kind is not known."),
        },
    };
}
