using System.Text.Json.Nodes;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Single sealed messages: header, cipher key, padding, associated data.</summary>
internal sealed class SealingVectors : IVectorTopic
{
    public string FileName => "sealing.json";

    public string Description => "Sealed message: version, salt, nonce, AES-256-GCM over the plaintext under the default padding.";

    public JsonArray Write() => [Vector(string.Empty), Vector("Doors at 19:30."), Vector(new string('x', 63)), Vector(new string('x', 64)),
        Vector(new string('x', 1000))];

    public IEnumerable<string> Differences(JsonObject vector)
    {
        foreach (string name in Compare(vector, Compute(vector)))
        {
            yield return name;
        }

        using ConversationKey key = ConversationKey.Import(Bytes(vector, "conversation_key"));
        byte[] opened = new MessageSealer(new MessageSealingOptions()).Open(key, Bytes(vector, "sealed"), Context(vector));
        if (Hex(opened) != Text(vector, "plaintext"))
        {
            yield return "plaintext";
        }
    }

    private static JsonObject Vector(string text)
    {
        var vector = new JsonObject
        {
            ["conversation_key"] = Hex(Fixed("conversation key")),
            ["salt"] = Hex(Fixed("salt").AsSpan(0, 12)),
            ["nonce"] = Hex(Fixed("nonce").AsSpan(0, 12)),
            ["conversation_id"] = "dm_alice_bob",
            ["sender_id"] = "alice",
            ["recipient_id"] = "bob",
            ["message_id"] = "42",
            ["plaintext"] = Hex(System.Text.Encoding.UTF8.GetBytes(text)),
        };
        AddTo(vector, Compute(vector));

        return vector;
    }

    private static MessageContext Context(JsonObject vector) => new(
        Text(vector, "conversation_id"), Text(vector, "sender_id"), Text(vector, "recipient_id"), Text(vector, "message_id"));

    private static JsonObject Compute(JsonObject vector)
    {
        byte[] key = Bytes(vector, "conversation_key");
        byte[] salt = Bytes(vector, "salt");
        byte[] nonce = Bytes(vector, "nonce");
        byte[] plaintext = Bytes(vector, "plaintext");
        byte[] padded = new byte[PaddingScheme.Default.GetPaddedLength(plaintext.Length)];
        Padding.Write(plaintext, padded);
        byte[] associatedData = new byte[MessageContext.MaxEncodedSize];
        associatedData = associatedData[..Context(vector).Encode(associatedData)];
        byte[] cipherKey = new byte[32];
        Hkdf.DeriveKey(key, salt, "PulseMeet-E2E v1 sealed message"u8, cipherKey);
        byte[] body = new byte[padded.Length + AesGcm256.TagSize];
        AesGcm256.Seal(cipherKey, nonce, padded, associatedData, body);
        return new JsonObject
        {
            ["associated_data"] = Hex(associatedData),
            ["padded"] = Hex(padded),
            ["cipher_key"] = Hex(cipherKey),
            ["sealed"] = Hex([1, .. salt, .. nonce, .. body]),
        };
    }
}
