using System.Text.Json.Nodes;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.Primitives;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Legacy messages in each of their shapes, and a legacy media file.</summary>
internal sealed class LegacyFormatVectors : IVectorTopic
{
    public string FileName => "legacy.json";

    public string Description => "Legacy messages as they stand in the rows, and a media file; the key of 32 zero bytes is tried last.";

    public JsonArray Write() =>
    [
        Vector("Envelope", """{"text":"Doors at 19:30.","content":"not this"}"""),
        Vector("Json", """{"content":"older rows"}"""),
        Vector("Column", "no JSON at all"),
        Vector("Json", """{"text":"first","text":"of two members the last counts"}"""),
        Vector("Envelope", """{"text":7,"content":"where text is no string"}"""),
        Vector("Json", """{"text":"under the zero key"}""", new byte[32]),
        Vector("Media", "any bytes"),
    ];

    public IEnumerable<string> Differences(JsonObject vector) => Compare(vector, Compute(vector));

    private static JsonObject Vector(string shape, string plaintext, byte[]? key = null)
    {
        var vector = new JsonObject
        {
            ["shape"] = shape,
            ["key"] = Hex(key ?? Fixed("legacy key")),
            ["iv"] = Hex(Fixed("legacy iv").AsSpan(0, 12)),
            ["plaintext"] = plaintext,
        };
        AddTo(vector, Compute(vector));
        return vector;
    }

    private static JsonObject Compute(JsonObject vector)
    {
        string shape = Text(vector, "shape");
        byte[] iv = Bytes(vector, "iv");
        byte[] plaintext = System.Text.Encoding.UTF8.GetBytes(Text(vector, "plaintext"));
        byte[] sealedBytes = new byte[plaintext.Length + AesGcm256.TagSize];
        AesGcm256.Seal(Bytes(vector, "key"), iv, plaintext, default, sealedBytes);
        string ciphertext = Convert.ToBase64String(sealedBytes.AsSpan(0, plaintext.Length));
        string metadata = "{\"key_id\":\"anything\",\"algorithm\":\"aes-256-gcm\",\"iv\":\"" + Convert.ToBase64String(iv)
            + "\",\"auth_tag\":\"" + Convert.ToBase64String(sealedBytes.AsSpan(plaintext.Length)) + "\",\"version\":1}";
        string json = "{\"metadata\":" + metadata + ",\"" + (shape == "Media" ? "data" : "ciphertext") + "\":\"" + ciphertext + "\"}";
        using LegacyKey key = LegacyKey.Import(Bytes(vector, "key"));
        LegacyCandidate[] candidates = [new("the key", key)];
        if (shape == "Media")
        {
            LegacyMedia media = LegacyMediaFile.Parse(System.Text.Encoding.UTF8.GetBytes(json)).Open(candidates);
            return new JsonObject { ["file"] = json, ["content"] = Hex(media.Content.Span), ["protection"] = media.Protection.ToString() };
        }

        string content = shape switch
        {
            "Json" => json,
            "Envelope" => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(json)),
            "Column" => ciphertext,
            _ => throw new FormatException("No such shape."),
        };
        LegacyMessage message = LegacyMessage.Parse(content, shape == "Column" ? metadata : null);
        LegacyPlaintext opened = message.Open(candidates);
        return new JsonObject
        {
            ["content"] = content,
            ["encryption_metadata"] = shape == "Column" ? metadata : string.Empty,
            ["read_as"] = message.Shape.ToString(),
            ["text"] = opened.Text,
            ["is_json"] = opened.IsJson ? "yes" : "no",
            ["protection"] = opened.Protection.ToString(),
        };
    }
}
