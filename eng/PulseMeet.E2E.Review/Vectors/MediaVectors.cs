using System.Text.Json.Nodes;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Sealed media files with every intermediate key, and the references that open them.</summary>
internal sealed class MediaVectors : IVectorTopic
{
    private const int SegmentLength = MediaSealingOptions.MinSegmentLength;

    public string FileName => "media.json";

    public string Description =>
        "Media: FLOE header, keys and segments of 4,096 bytes, and the reference; with the flat digest of earlier files (kind 1) and with the tree of "
        + "digests (kind 2). Byte i of a content is i mod 251.";

    public JsonArray Write() =>
        [Vector(0, MediaPadding.None), Vector(5, MediaPadding.None), Vector(4064, MediaPadding.None),
            Vector(4065, MediaPadding.None), Vector(5001, MediaPadding.Padme),
            Vector(0, MediaPadding.None, MediaDigestKind.Tree), Vector(4064, MediaPadding.None, MediaDigestKind.Tree),
            Vector(4065, MediaPadding.None, MediaDigestKind.Tree), Vector(8300, MediaPadding.Padme, MediaDigestKind.Tree)];

    public IEnumerable<string> Differences(JsonObject vector)
    {
        foreach (string name in Compare(vector, Compute(vector)))
        {
            yield return name;
        }

        using MediaReference reference = MediaReference.Decode(Bytes(vector, "reference"));
        byte[] opened = new byte[reference.Length];
        MediaOpener.Open(reference, Bytes(vector, "sealed"), opened);
        if (Hex(opened) != Hex(Content((int)Number(vector, "content_length"))))
        {
            yield return "content";
        }
    }

    private static JsonObject Vector(int length, MediaPadding padding, MediaDigestKind digest = MediaDigestKind.Flat)
    {
        FloeLayout layout = FloeLayout.OfPlaintext(new FloeParameters(SegmentLength), padding.Pad(length));
        var vector = new JsonObject
        {
            ["key"] = Hex(Fixed("media key")),
            ["media_id"] = $"media {length}",
            ["kind"] = (int)MediaKind.Image,
            ["digest_kind"] = (int)digest,
            ["segment_length"] = SegmentLength,
            ["content_length"] = length,
            ["padded_length"] = layout.PlaintextLength,
            ["iv"] = Hex(Fixed("media iv")),
            ["nonces"] = string.Join(' ', Enumerable.Range(0, (int)layout.Segments)
                .Select(i => Hex(Fixed($"media nonce {i}").AsSpan(0, 12)))),
        };
        AddTo(vector, Compute(vector));

        return vector;
    }

    private static JsonObject Compute(JsonObject vector)
    {
        byte[] key = Bytes(vector, "key");
        string mediaId = (string)vector["media_id"]!;
        var kind = (MediaKind)Number(vector, "kind");
        int length = (int)Number(vector, "content_length");
        var parameters = new FloeParameters((int)Number(vector, "segment_length"));
        byte[] associatedData = MediaAssociatedData.Encode(mediaId, kind);
        FloeLayout layout = FloeLayout.OfPlaintext(parameters, Number(vector, "padded_length"));
        byte[] plaintext = new byte[layout.PlaintextLength];
        Content(length).CopyTo(plaintext, 0);
        using FloeState state = FloeState.Start(key, parameters, Bytes(vector, "iv"), associatedData);
        byte[] floe = Seal(state, layout, plaintext, ((string)vector["nonces"]!).Split(' '));
        var digestKind = (MediaDigestKind)Number(vector, "digest_kind");
        byte[][] segments = [.. Enumerable.Range(0, (int)layout.Segments)
            .Select(i => floe.AsSpan((int)layout.OffsetOf(i), layout.SealedLengthOf(i)).ToArray())];
        byte[] blocks = digestKind == MediaDigestKind.Tree ? FixedTree.Block(segments) : [];
        byte[] file = [.. floe, .. blocks];
        byte[] segmentKey = new byte[32];
        state.DeriveSegmentKey(0, segmentKey);
        byte[] digest = digestKind == MediaDigestKind.Tree
            ? FixedTree.Root(state.Header.ToArray(), segments, segments.Length, floe.Length)
            : Sha256.Hash(file);
        var description = new MediaDescription(mediaId, kind)
        {
            FileName = "sunset.png",
            MediaType = "image/png",
            Width = 640,
            Height = 480,
            Thumbnail = new byte[] { 1, 2, 3 },
        };
        using var reference = new MediaReference(
            description, key, parameters.SegmentLength, length, file.Length, state.HeaderTag, new MediaDigest(digestKind, digest));
        byte[][] whole = segments[..^1];
        long wholeLength = layout.OffsetOf(whole.Length);
        return new JsonObject
        {
            ["associated_data"] = Hex(associatedData),
            ["header_tag"] = Hex(state.HeaderTag),
            ["message_key"] = Hex(state.MessageKey),
            ["segment_key_0"] = Hex(segmentKey),
            ["leaves"] = digestKind == MediaDigestKind.Tree ? string.Join(' ', segments.Select(segment => Hex(FixedTree.Leaf(segment)))) : "",
            ["sealed"] = Hex(file),
            ["digest"] = Hex(digest),
            ["reference"] = Hex(reference.Encode()),
            ["checkpoint_before_last_segment"] = Hex(new MediaSealingCheckpoint(
                state.Header,
                layout.Segments - 1,
                layout.PlaintextLength == length ? MediaPadding.None : MediaPadding.Padme,
                whole.Length == 0
                    ? FixedTree.RootOver(state.Header.ToArray(), 0, wholeLength, [])
                    : FixedTree.Root(state.Header.ToArray(), whole, whole.Length, wholeLength)).Encode()),
        };
    }

    private static byte[] Seal(FloeState state, FloeLayout layout, byte[] plaintext, string[] nonces)
    {
        using var cipher = new FloeSegmentCipher(state);
        byte[] file = new byte[layout.SealedLength];
        state.Header.CopyTo(file);
        for (int position = 0; position < layout.Segments; position++)
        {
            Span<byte> segment = file.AsSpan((int)layout.OffsetOf(position), layout.SealedLengthOf(position));
            ReadOnlySpan<byte> part = plaintext.AsSpan(
                position * layout.Parameters.PlaintextLength, segment.Length - FloeParameters.SegmentOverhead);
            cipher.Seal(part, position, layout.IsFinal(position), Convert.FromHexString(nonces[position]), segment);
        }

        return file;
    }

    private static byte[] Content(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i % 251))];
}
