using System.Text.Json.Nodes;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Verification;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Safety number, words, QR code, and a comparison by voice, of two accounts.</summary>
internal sealed class VerificationVectors : IVectorTopic
{
    public string FileName => "verification.json";

    public string Description => "Two accounts: fingerprints, safety number in digits and words, both QR codes, and a comparison by voice.";

    public JsonArray Write() =>
    [
        Vector("alice", "bob"), Vector("bob", "alice"), Vector("a", "ab"), Vector("Ünïcödé", "6f1c2b7e"),
        .. Refused.Select(pair => new JsonObject { ["form"] = pair.Form, ["input"] = pair.Input, ["refused"] = Reason(pair.Form, pair.Input) }),
    ];

    private static IEnumerable<(string Form, string Input)> Refused =>
    [
        ("digits", "12345"), ("digits", "1234 5"), ("digits", "١٢٣٤٥"), ("digits", "12345-"),
        ("words", "abandon"), ("words", "pulsemeet"), ("words", string.Join(' ', Enumerable.Repeat("abandon", 20))),
        ("code", "504d56"), ("code", "504d5801"), ("code", "504d5601"), ("code", "504d5602"),
    ];

    public IEnumerable<string> Differences(JsonObject vector) => vector.ContainsKey("form")
        ? Compare(vector, new JsonObject { ["refused"] = Reason(Text(vector, "form"), Text(vector, "input")) })
        : Compare(vector, Compute(vector));

    /// <summary>The reason of the refusal, or what a comparison says; for a code from alice's side, with bob.</summary>
    private static string Reason(string form, string input)
    {
        try
        {
            return form switch
            {
                "digits" => SafetyNumber.Parse(input).Digits,
                "words" => SafetyNumber.ParseWords(input).Digits,
                _ => VerificationCode.Of(Account("alice"), Account("bob")).Compare(Convert.FromHexString(input)).ToString(),
            };
        }
        catch (E2EException refused)
        {
            return refused.Reason.ToString();
        }
    }

    private static AccountIdentity Account(string userId) =>
        new(userId, Ed25519PublicKey.FromBytes(Convert.FromHexString(AccountKey(userId))));

    private static JsonObject Vector(string own, string peer)
    {
        var vector = new JsonObject
        {
            ["own_user_id"] = own,
            ["own_account_key"] = AccountKey(own),
            ["peer_user_id"] = peer,
            ["peer_account_key"] = AccountKey(peer),
            ["context"] = Hex(Fixed("call").AsSpan(0, 16)),
            ["own_nonce"] = Hex(Fixed("own nonce")),
            ["peer_nonce"] = Hex(Fixed("peer nonce")),
        };
        AddTo(vector, Compute(vector));
        return vector;
    }

    private static string AccountKey(string userId)
    {
        using Ed25519KeyPair account = Ed25519KeyPair.Import(Fixed("account of " + userId));
        return Hex(account.PublicKey.Span);
    }

    private static JsonObject Compute(JsonObject vector)
    {
        AccountIdentity own = Account(vector, "own");
        AccountIdentity peer = Account(vector, "peer");
        SafetyNumber number = SafetyNumber.Of(own, peer);
        byte[] context = Bytes(vector, "context");
        var initiator = new ShortAuthenticationInitiator(own, peer, context, Bytes(vector, "own_nonce"));
        var responder = new ShortAuthenticationResponder(peer, own, context, initiator.Commit(), Bytes(vector, "peer_nonce"));
        ShortAuthenticationString read = initiator.Reveal(responder.Answer(), out byte[] reveal);
        string heard = responder.Finish(reveal).ToString();
        return new JsonObject
        {
            ["own_fingerprint"] = Hex(NumericFingerprint.Of(own)),
            ["peer_fingerprint"] = Hex(NumericFingerprint.Of(peer)),
            ["safety_number"] = number.Digits,
            ["words"] = number.ToWords(),
            ["own_code"] = Hex(VerificationCode.Of(own, peer).ToArray()),
            ["peer_code"] = Hex(VerificationCode.Of(peer, own).ToArray()),
            ["commitment"] = Hex(initiator.Commit()),
            ["answer"] = Hex(responder.Answer()),
            ["reveal"] = Hex(reveal),
            ["emoji"] = string.Join(' ', read.Emoji.Select(emoji => emoji.Number)),
            ["decimals"] = heard,
        };
    }

    private static AccountIdentity Account(JsonObject vector, string side) =>
        new(Text(vector, side + "_user_id"), Ed25519PublicKey.FromBytes(Bytes(vector, side + "_account_key")));
}
