using System.Text.Json.Nodes;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>A recovery key as it is written down, the copy that it seals, and forms that a reader refuses; linking.</summary>
internal sealed class LinkingVectors : IVectorTopic
{
    private const string Recovery = "recovery";

    public string FileName => "linking.json";

    public string Description => "Recovery key in its written form, and the sealed copy of an account key; linking and handing over the account key, with their answers.";

    private static IEnumerable<string> Refused
    {
        get
        {
            string text = RecoveryKeyText.Write(Fixed("recovery key"));
            return [text[..^1], text[..^1] + "U", "0" + text[1..], text[..^1] + (text[^1] == '0' ? '2' : '0'), "Z" + text[1..]];
        }
    }

    public bool IsFresh => true;

    public JsonArray Write() =>
    [
        RecoveryVector(),
        LinkingAnswers.Write(),
        .. Refused.Select(text => new JsonObject { ["refused_recovery_key"] = text, ["reason"] = Reason(text) }),
    ];

    public IEnumerable<string> Differences(JsonObject vector) => vector.ContainsKey("refused_recovery_key")
        ? Compare(vector, new JsonObject { ["reason"] = Reason(Text(vector, "refused_recovery_key")) })
        : Compare(vector, vector.ContainsKey("recovery_key") ? ComputeRecovery(vector) : LinkingAnswers.Compute(vector));

    private static JsonObject RecoveryVector()
    {
        var vector = new JsonObject
        {
            ["kind"] = Recovery,
            ["recovery_key"] = Hex(Fixed("recovery key")),
            ["account_private"] = Hex(Fixed("account")),
            ["user_id"] = "alice",
            ["salt"] = Hex(Fixed("recovery salt")),
            ["nonce"] = Hex(Fixed("recovery nonce").AsSpan(0, 12)),
        };
        AddTo(vector, ComputeRecovery(vector));
        return vector;
    }

    private static JsonObject ComputeRecovery(JsonObject vector)
    {
        byte[] key = Bytes(vector, "recovery_key");
        string userId = Text(vector, "user_id");
        using Ed25519KeyPair account = Ed25519KeyPair.Import(Bytes(vector, "account_private"));
        byte[] copy = RecoveryCopy.Seal(key, account, userId, Bytes(vector, "salt"), Bytes(vector, "nonce"));
        using RecoveryKey read = RecoveryKey.Parse(RecoveryKeyText.Write(key));
        using Ed25519KeyPair opened = read.Open(copy, userId);
        return new JsonObject
        {
            ["kind"] = Recovery,
            ["written"] = read.ToText(),
            ["account_public"] = Hex(opened.PublicKey.Span),
            ["copy"] = Hex(copy),
        };
    }

    private static string Reason(string text)
    {
        try
        {
            RecoveryKey.Parse(text).Dispose();
            return "none";
        }
        catch (E2EException refused)
        {
            return refused.Reason.ToString();
        }
    }
}
