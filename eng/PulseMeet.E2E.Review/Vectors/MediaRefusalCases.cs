using System.Buffers.Binary;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Media;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>The inputs of <see cref="MediaRefusals"/>: good ones with one thing changed, sealed again where the seal is not what is
/// tried.</summary>
internal static partial class MediaRefusalCases
{
    /// <summary>One segment.</summary>
    private static readonly FixedMedia s_short = new(5);

    /// <summary>Two full segments and five bytes.</summary>
    private static readonly FixedMedia s_long = new((2 * FixedMedia.Full) + 5);

    /// <summary>Padmé: 8,000 bytes of content, then zeros up to 8,192, in the second and in the last segment.</summary>
    private static readonly FixedMedia s_padded = new(8000) { Padding = MediaPadding.Padme };

    public static IEnumerable<JsonObject> All() =>
        Headers().Concat(Lengths()).Concat(Segments()).Concat(Order()).Concat(Contents()).Concat(Ranges()).Concat(Trees()).Concat(References()).Concat(TreeReferences()).Concat(Checkpoints());

    private static IEnumerable<JsonObject> Headers()
    {
        byte[] good = s_short.File();
        JsonObject Changed(string what, int at, byte value, E2EError reason) =>
            File("header: " + what, s_short, Put(good, at, value), reason, good);

        yield return Changed("AEAD id 1", 0, 1, E2EError.InvalidEncoding);
        yield return Changed("KDF id 1", 1, 1, E2EError.InvalidEncoding);
        yield return Changed("segments of 4,097 bytes, the reference's are 4,096", 5, 1, E2EError.InvalidEncoding);
        yield return Changed("an IV of 31 bytes", 9, 31, E2EError.InvalidEncoding);
        yield return Changed("a changed bit of the IV", 10, (byte)(good[10] ^ 1), E2EError.WrongCommitment);
        yield return Changed("a changed bit of the header tag", 42, (byte)(good[42] ^ 1), E2EError.WrongCommitment);
        byte[] tag = good[42..74];
        yield return File("header: another key", s_short with { Key = Fixed("another key") }, good, E2EError.WrongCommitment, commitment: tag);
        yield return File("header: another media id", s_short with { MediaId = "n" }, good, E2EError.WrongCommitment, commitment: tag);
        yield return File("header: another kind", s_short with { Kind = MediaKind.Video }, good, E2EError.WrongCommitment, commitment: tag);
        yield return File("header: another commitment", s_short, good, E2EError.WrongCommitment, commitment: Fixed("another commitment"));
    }

    private static IEnumerable<JsonObject> Lengths()
    {
        byte[] good = s_short.File();
        byte[] two = s_long.File();
        JsonObject Case(string what, byte[] input, E2EError reason) => File("length: " + what, s_short, input, reason, good);

        yield return Case("empty", [], E2EError.Truncated);
        yield return Case("ends within the header", good[..73], E2EError.Truncated);
        yield return Case("ends behind the header", good[..74], E2EError.Truncated);
        yield return Case("ends within the last segment", good[..^1], E2EError.Truncated);
        yield return Case("a byte behind the last segment", [.. good, 0], E2EError.InvalidEncoding);
        yield return Case("the last segment twice", [.. good, .. s_short.Segment(0)], E2EError.InvalidEncoding);
        yield return File("length: ends behind its second segment", s_long, two[..(74 + (2 * FixedMedia.SegmentLength))], E2EError.Truncated);
        yield return File("length: a segment is missing in the middle", s_long, [.. two[..(74 + FixedMedia.SegmentLength)], .. s_long.Segment(2)], E2EError.Truncated);
    }

    private static IEnumerable<JsonObject> Segments()
    {
        byte[] header = s_short.Header();
        byte[] good = s_short.File();
        JsonObject Case(string what, byte[] segment) =>
            File("segment: " + what, s_short, [.. header, .. segment], E2EError.NotAuthentic, good);

        byte[] whole = s_short.Segment(0);
        yield return Case("a length field of one byte more", s_short.Segment(0, lengthField: (uint)whole.Length + 1));
        yield return Case("the length field of a segment that is not the last", s_short.Segment(0, lengthField: uint.MaxValue));
        yield return Case("sealed as not the last", s_short.Segment(0, asLast: false, lengthField: (uint)whole.Length));
        yield return Case("sealed for another position", s_short.Segment(0, sealedAs: 1));
        yield return Case("a changed bit of the nonce", Put(whole, 4, (byte)(whole[4] ^ 1)));
        yield return Case("a changed bit of the ciphertext", Put(whole, 16, (byte)(whole[16] ^ 1)));
        yield return Case("a changed bit of the tag", Put(whole, whole.Length - 1, (byte)(whole[^1] ^ 1)));
        yield return Case("of another file under the same key", (s_short with { Iv = Fixed("another iv") }).Segment(0));
    }

    private static IEnumerable<JsonObject> Order()
    {
        byte[] header = s_long.Header();
        byte[] first = s_long.Segment(0);
        byte[] second = s_long.Segment(1);
        byte[] last = s_long.Segment(2);
        yield return File("order: two segments exchanged", s_long, [.. header, .. second, .. first, .. last], E2EError.NotAuthentic);
        yield return File("order: a segment twice, in the place of the next", s_long, [.. header, .. first, .. first, .. last], E2EError.NotAuthentic);
        yield return File(
            "order: a segment before the end says that it is the last", s_long, [.. header, .. first, .. s_long.Segment(1, asLast: true), .. last],
            E2EError.NotAuthentic);

        // The reference itself says that the file ends there: only the segment knows better.
        yield return File(
            "order: a file cut behind its second segment, under a reference that fits", s_long with { Length = 2 * FixedMedia.Full },
            [.. header, .. first, .. second], E2EError.NotAuthentic);
        FixedMedia longer = s_long with { Length = (3 * FixedMedia.Full) + 5 };
        yield return File(
            "order: a file lengthened by segments of another one under its key, under a reference that fits", longer,
            [.. header, .. first, .. second, .. (longer with { Iv = Fixed("another iv") }).Segment(2), .. (longer with { Iv = Fixed("another iv") }).Segment(3)],
            E2EError.NotAuthentic);
    }

    private static IEnumerable<JsonObject> Contents()
    {
        FixedMedia filled = s_padded with { Filler = 1 };
        yield return File("content: padding that is not zeros", s_padded, [.. s_padded.Header(), .. filled.Segment(0), .. filled.Segment(1), .. filled.Segment(2)], E2EError.InvalidEncoding);
        yield return File(
            "content: padding that is not zeros before the last segment alone", s_padded,
            [.. s_padded.Header(), .. s_padded.Segment(0), .. filled.Segment(1), .. s_padded.Segment(2)], E2EError.InvalidEncoding);
        yield return File("content: another digest than the reference's", s_short, s_short.File(), E2EError.NotAuthentic, digest: new MediaDigest(MediaDigestKind.Flat, Fixed("another digest")));
    }

    private static IEnumerable<JsonObject> Ranges()
    {
        byte[] header = s_long.Header();
        byte[] first = s_long.Segment(0);
        byte[] second = s_long.Segment(1);
        byte[] last = s_long.Segment(2);
        byte[] whole = s_long.File();
        JsonObject Case(string what, byte[] input, E2EError reason, long from) => Range("range: " + what, s_long, input, reason, from, whole);

        yield return Case("ends within the header", whole[..73], E2EError.Truncated, 0);
        yield return Case("ends behind its second segment", whole[..(74 + (2 * FixedMedia.SegmentLength))], E2EError.Truncated, 0);
        yield return Case("a byte behind the last segment", [.. whole, 0], E2EError.InvalidEncoding, 0);
        yield return Case("another last segment, asked for the beginning", Put(whole, whole.Length - 1, (byte)(whole[^1] ^ 1)), E2EError.NotAuthentic, 0);
        yield return Case("its first two segments exchanged, asked for the second", [.. header, .. second, .. first, .. last], E2EError.NotAuthentic, FixedMedia.Full);
        FixedMedia filled = s_padded with { Filler = 1 };
        byte[] padded = s_padded.File();
        yield return Range(
            "range: padding that is not zeros in the last segment, asked for the beginning", s_padded,
            [.. s_padded.Header(), .. s_padded.Segment(0), .. s_padded.Segment(1), .. filled.Segment(2)], E2EError.InvalidEncoding, 0, padded);
        yield return Range(
            "range: padding that is not zeros behind the content's last byte, asked for that byte", s_padded,
            [.. s_padded.Header(), .. s_padded.Segment(0), .. filled.Segment(1), .. s_padded.Segment(2)], E2EError.InvalidEncoding, 7999, padded);
    }

    private static JsonObject File(
        string what, FixedMedia media, byte[] input, E2EError reason, byte[]? good = null, MediaDigest? digest = null, byte[]? commitment = null) =>
        Case("file, " + what, "media file", input, reason, good, media, media.Reference(digest, commitment));

    private static JsonObject Range(string what, FixedMedia media, byte[] input, E2EError reason, long from, byte[] good)
    {
        JsonObject vector = Case(what, "media range", input, reason, good, media, media.Reference());
        vector["from"] = from;
        return vector;
    }

    private static JsonObject Case(
        string what, string decoder, byte[] input, E2EError reason, byte[]? good, FixedMedia? media = null, byte[]? reference = null)
    {
        var vector = new JsonObject { ["what"] = what, ["decoder"] = decoder };
        if (media is not null)
        {
            vector["key"] = Hex(media.Key);
            vector["reference"] = Hex(reference);
        }

        vector["input"] = Hex(input);
        vector["reason"] = reason.ToString();

        // A long file's good form stands once, in media.json; here it would double the file.
        if (good is { Length: < 200 })
        {
            vector["good"] = Hex(good);
        }

        return vector;
    }

    private static byte[] Put(byte[] good, int at, params byte[] bytes) => [.. good[..at], .. bytes, .. good[(at + bytes.Length)..]];

    private static byte[] Int64(long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }
}
