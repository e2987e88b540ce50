using System.Numerics;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Primitives;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Which Ed25519 signatures are accepted, those that no signer makes among them.</summary>
internal sealed class SignatureVectors : IVectorTopic
{
    private static readonly byte[] s_seed = Fixed("signer");
    private static readonly byte[] s_message = "PulseMeet"u8.ToArray();

    public string FileName => "signatures.json";

    public string Description => "Ed25519 verification with the cofactor: what is accepted, what is refused, and which keys are none.";

    public JsonArray Write()
    {
        byte[] publicKey = new byte[32];
        Ed25519.DerivePublicKey(s_seed, publicKey);
        byte[] plain = new byte[64];
        Ed25519.Sign(s_seed, publicKey, s_message, plain);
        byte[] largeS = [.. plain[..32], .. EdwardsPoint.Bytes(EdwardsPoint.Little(plain[32..]) + EdwardsPoint.Order)];
        byte[] anyMessage = [.. (7 * EdwardsPoint.Base).Encode(), .. EdwardsPoint.Bytes(7)];
        byte[] mixedKey = (EdwardsPoint.PrivateScalar(s_seed) * EdwardsPoint.Base + EdwardsPoint.SmallOrder[1]).Encode();
        byte[] otherNeutral = EdwardsPoint.Bytes(1 + EdwardsPoint.Prime);
        return
        [
            Vector(publicKey, plain, "accepted", "RFC 8032"),
            .. EdwardsPoint.SmallOrder[1..].Select(small => Vector(
                publicKey,
                EdwardsPoint.Sign(s_seed, publicKey, s_message, small, 1_000_003),
                "accepted",
                "R has a part of small order, which the cofactor removes")),
            Vector(
                publicKey, EdwardsPoint.Sign(s_seed, publicKey, s_message, EdwardsPoint.Neutral, BigInteger.Zero), "accepted", "R is the neutral point"),
            Vector(publicKey, largeS, "refused", "S is not below the group's order"),
            Vector(
                publicKey,
                EdwardsPoint.SignUnder(otherNeutral, s_seed, publicKey, s_message, BigInteger.Zero),
                "refused",
                "R is not in its canonical encoding"),
            Vector(publicKey, [.. plain[..63], (byte)(plain[63] ^ 1)], "refused", "changed"),
            Vector(publicKey, plain[..63], "refused", "too short"),
            .. EdwardsPoint.SmallOrder.Select(small => Vector(
                small.Encode(), anyMessage, "no key", "a key of small order, under which one signature fits every message")),
            Vector(mixedKey, plain, "no key", "a key with a part of small order"),
            Vector(EdwardsPoint.Bytes(EdwardsPoint.Prime + 3), plain, "no key", "a key that is not in its canonical encoding"),
        ];
    }

    public IEnumerable<string> Differences(JsonObject vector)
    {
        byte[] publicKey = Bytes(vector, "public_key");
        string result = !Ed25519.IsValidPublicKey(publicKey)
            ? "no key"
            : Ed25519.Verify(publicKey, Bytes(vector, "message"), Bytes(vector, "signature")) ? "accepted" : "refused";
        if (result != Text(vector, "result"))
        {
            yield return "result";
        }
    }

    private static JsonObject Vector(byte[] publicKey, byte[] signature, string result, string why) => new()
    {
        ["public_key"] = Hex(publicKey),
        ["message"] = Hex(s_message),
        ["signature"] = Hex(signature),
        ["result"] = result,
        ["why"] = why,
    };
}
