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
        Hpke.Schedule(
            Hpke.Aes256Gcm,
            ephemeral,
            recipient.PublicKey,
            ephemeral.PublicKey.Span,
            recipient.PublicKey.Span,
            Bytes(vector, "info"),
            key,
            nonce);
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
}
