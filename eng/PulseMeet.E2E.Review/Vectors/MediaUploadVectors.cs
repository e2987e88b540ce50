using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Media;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Nonces of a file that is sealed so that it can be sealed again.</summary>
internal sealed class MediaUploadVectors : IVectorTopic
{
    public string FileName => "media-uploads.json";

    public string Description =>
        "Nonces of the segments of an upload that can be resumed. Byte i of a segment's plaintext is i mod 251; its length stands here.";

    public JsonArray Write() =>
        [.. new[] { (0L, 0, 1), (0L, 131_040, 0), (1L, 131_040, 0), (1L, 131_040, 1), (1L, 131_039, 1), ((1L << 40) - 1, 1, 1) }.Select(Vector)];

    public IEnumerable<string> Differences(JsonObject vector) => Compare(vector, Compute(vector)).Concat(OfLibrary(vector)).Distinct();

    private static JsonObject Vector((long Position, int Length, int Final) segment)
    {
        var vector = new JsonObject
        {
            ["nonce_key"] = Hex(Fixed("upload nonce key")),
            ["position"] = segment.Position,
            ["final"] = segment.Final,
            ["plaintext_length"] = segment.Length,
        };
        AddTo(vector, Compute(vector));
        return vector;
    }

    private static byte[] Plaintext(JsonObject vector) =>
        [.. Enumerable.Range(0, (int)Number(vector, "plaintext_length")).Select(i => (byte)(i % 251))];

    /// <summary>As the document says it.</summary>
    private static JsonObject Compute(JsonObject vector)
    {
        byte[] position = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(position, Number(vector, "position"));
        byte[] hash = SHA256.HashData(Plaintext(vector));
        byte[] input = [.. position, (byte)Number(vector, "final"), .. hash];
        byte[] mac = HMACSHA256.HashData(Bytes(vector, "nonce_key"), input);
        return new JsonObject { ["plaintext_hash"] = Hex(hash), ["nonce"] = Hex(mac.AsSpan(0, 12)) };
    }

    /// <summary>What the library has otherwise.</summary>
    private static IEnumerable<string> OfLibrary(JsonObject vector)
    {
        using var nonces = new SegmentNonces(Bytes(vector, "nonce_key"));
        byte[] nonce = new byte[12];
        nonces.Write(Plaintext(vector), Number(vector, "position"), Number(vector, "final") == 1, nonce);
        if (Hex(nonce) != Text(vector, "nonce"))
        {
            yield return "nonce";
        }
    }
}
