using System.Text.Json.Nodes;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Sealing to a public key, with an ephemeral key that is given.</summary>
internal sealed class HpkeVectors : IVectorTopic
{
    public string FileName => "hpke.json";

    public string Description =>
        "Sealing to a public key: HPKE, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, single shot.";

    public JsonArray Write() => [Vector("A key of 32 bytes, for example.", "wrapping", "row 7"), Vector(string.Empty, string.Empty, string.Empty)];

    public IEnumerable<string> Differences(JsonObject vector)
    {
        foreach (string name in Compare(vector, Compute(vector)))
        {
            yield return name;
        }

        using X25519KeyPair recipient = X25519KeyPair.Import(Bytes(vector, "recipient_private"));
        byte[] opened = Hpke.Open(recipient, Bytes(vector, "info"), Bytes(vector, "associated_data"), Bytes(vector, "sealed"));
        if (Hex(opened) != Text(vector, "plaintext"))
        {
            yield return "plaintext";
        }
    }

    private static JsonObject Vector(string text, string info, string associatedData)
    {
        var vector = new JsonObject
        {
            ["recipient_private"] = Hex(Fixed("hpke recipient")),
            ["ephemeral_private"] = Hex(Fixed("hpke ephemeral")),
            ["info"] = Hex(System.Text.Encoding.UTF8.GetBytes(info)),
            ["associated_data"] = Hex(System.Text.Encoding.UTF8.GetBytes(associatedData)),
            ["plaintext"] = Hex(System.Text.Encoding.UTF8.GetBytes(text)),
        };
        AddTo(vector, Compute(vector));
        return vector;
    }

    private static JsonObject Compute(JsonObject vector)
    {
        using X25519KeyPair recipient = X25519KeyPair.Import(Bytes(vector, "recipient_private"));
        using X25519KeyPair ephemeral = X25519KeyPair.Import(Bytes(vector, "ephemeral_private"));
        byte[] key = new byte[AesGcm256.KeySize];
        byte[] nonce = new byte[AesGcm256.NonceSize];
        Schedule(ephemeral, recipient.PublicKey, Bytes(vector, "info"), key, nonce);
        byte[] plaintext = Bytes(vector, "plaintext");
        byte[] ciphertext = new byte[plaintext.Length + AesGcm256.TagSize];
        AesGcm256.Seal(key, nonce, plaintext, Bytes(vector, "associated_data"), ciphertext);
        return new JsonObject
        {
            ["recipient_public"] = recipient.PublicKey.ToHex(),
            ["encapsulated_key"] = ephemeral.PublicKey.ToHex(),
            ["key"] = Hex(key),
            ["nonce"] = Hex(nonce),
            ["sealed"] = Hex([.. ephemeral.PublicKey.Span, .. ciphertext]),
        };
    }

    /// <summary>Encap and KeySchedule in base mode (RFC 9180, sections 4.1 and 5.1), step by step beside the library's own.</summary>
    private static void Schedule(X25519KeyPair ephemeral, X25519PublicKey recipient, byte[] info, byte[] key, byte[] nonce)
    {
        HashFunction sha = HashFunction.Sha256;
        byte[] kem = [.. "KEM"u8, 0, 0x20];
        byte[] suite = [.. "HPKE"u8, 0, 0x20, 0, 1, 0, 2];
        byte[] agreement = new byte[32];
        byte[] prk = new byte[32];
        byte[] shared = new byte[32];
        ephemeral.Agree(recipient, agreement);
        HpkeLabels.Extract(sha, kem, default, "eae_prk"u8, agreement, prk);
        HpkeLabels.Expand(sha, kem, prk, "shared_secret"u8, [.. ephemeral.PublicKey.Span, .. recipient.Span], shared);
        byte[] context = new byte[65];
        HpkeLabels.Extract(sha, suite, default, "psk_id_hash"u8, default, context.AsSpan(1, 32));
        HpkeLabels.Extract(sha, suite, default, "info_hash"u8, info, context.AsSpan(33));
        HpkeLabels.Extract(sha, suite, shared, "secret"u8, default, prk);
        HpkeLabels.Expand(sha, suite, prk, "key"u8, context, key);
        HpkeLabels.Expand(sha, suite, prk, "base_nonce"u8, context, nonce);
    }
}
