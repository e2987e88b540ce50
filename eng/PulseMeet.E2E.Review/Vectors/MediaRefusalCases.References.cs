using System.Text.Json.Nodes;
using PulseMeet.E2E.Media;

namespace PulseMeet.E2E.Review.Vectors;

/// <content>References and checkpoints.</content>
internal static partial class MediaRefusalCases
{
    private static IEnumerable<JsonObject> References()
    {
        byte[] good = s_short.Reference();
        JsonObject Reference(string what, byte[] input, E2EError reason) =>
            Case("reference: " + what, "media reference", input, reason, good);

        const int SegmentLengthAt = 1 + 1 + 2 + 1 + 32;
        const int LengthAt = SegmentLengthAt + 4;
        const int SealedLengthAt = LengthAt + 8;
        const int FlagAt = SealedLengthAt + 8 + 32;
        const int TypeAt = FlagAt + 1;
        const int NameAt = TypeAt + 2 + 9;
        JsonObject Lengths(string what, long length, long sealedLength, E2EError reason = E2EError.InvalidEncoding) =>
            Reference(what, Put(good, LengthAt, [.. Int64(length), .. Int64(sealedLength)]), reason);

        yield return Reference("empty", [], E2EError.InvalidEncoding);
        yield return Reference("version 3", Put(good, 0, 3), E2EError.UnsupportedVersion);
        yield return Reference("a byte behind it", [.. good, 0], E2EError.InvalidEncoding);
        yield return Reference("too short", good[..^1], E2EError.InvalidEncoding);
        yield return Reference("ends within the key", good[..30], E2EError.InvalidEncoding);
        yield return Reference("kind 0", Put(good, 1, 0), E2EError.InvalidEncoding);
        yield return Reference("kind 5", Put(good, 1, 5), E2EError.InvalidEncoding);
        yield return Reference("no media id", [1, 2, 0, 0, .. good[5..]], E2EError.InvalidEncoding);
        yield return Reference("a media id of 256 bytes", [1, 2, 1, 0, .. Enumerable.Repeat((byte)'m', 256), .. good[5..]], E2EError.LimitExceeded);
        yield return Reference("a media id longer than all of it", Put(good, 2, 0xff, 0xff), E2EError.InvalidEncoding);
        yield return Reference("a media id that is not UTF-8", Put(good, 4, 0xff), E2EError.InvalidEncoding);
        yield return Reference("a media type of 128 bytes", [.. good[..TypeAt], 0, 128, .. Enumerable.Repeat((byte)'t', 128), .. good[NameAt..]], E2EError.LimitExceeded);
        yield return Reference("a media type that is not UTF-8", Put(good, TypeAt + 2, 0xc3), E2EError.InvalidEncoding);
        yield return Reference("a file name of 256 bytes", [.. good[..NameAt], 1, 0, .. Enumerable.Repeat((byte)'n', 256), .. good[(NameAt + 7)..]], E2EError.LimitExceeded);
        yield return Reference("a file name with half a surrogate", [.. good[..NameAt], 0, 3, 0xed, 0xa0, 0x80, .. good[(NameAt + 7)..]], E2EError.InvalidEncoding);
        yield return Reference("a digest flag of 2", Put(good, FlagAt, 2), E2EError.InvalidEncoding);
        yield return Reference("a digest that is not there", [.. good[..FlagAt], 1], E2EError.InvalidEncoding);
        yield return Reference("a thumbnail of 65,537 bytes", Put(good, good.Length - 4, 0, 1, 0, 1), E2EError.LimitExceeded);
        yield return Reference("a thumbnail of 2^32 - 1 bytes", Put(good, good.Length - 4, 0xff, 0xff, 0xff, 0xff), E2EError.LimitExceeded);
        yield return Reference("a thumbnail longer than all of it", Put(good, good.Length - 4, 0, 0, 0, 1), E2EError.InvalidEncoding);
        yield return Reference("segments of 4,095 bytes", Put(good, SegmentLengthAt, 0, 0, 0x0f, 0xff), E2EError.LimitExceeded);
        yield return Reference("segments of 1,048,577 bytes", Put(good, SegmentLengthAt, 0, 0x10, 0, 1), E2EError.LimitExceeded);
        yield return Lengths("a negative length", -1, 111);
        yield return Lengths("shorter than a header and a segment", 0, 105);
        yield return Lengths("a content longer than the file holds", 6, 111);
        yield return Lengths("more padding than any", 5, 112);
        yield return Lengths("a last segment without room for its tag", FixedMedia.Full, 74 + FixedMedia.SegmentLength + 31);
        yield return Lengths("an empty last segment behind a full one", FixedMedia.Full, 74 + FixedMedia.SegmentLength + 32);
        yield return Lengths("more than 2^40 segments", long.MaxValue, long.MaxValue, E2EError.LimitExceeded);
    }

    private static IEnumerable<JsonObject> Checkpoints()
    {
        byte[] good = new MediaSealingCheckpoint(s_long.Header(), 2, MediaPadding.None, new byte[32]).Encode();
        JsonObject Checkpoint(string what, byte[] input, E2EError reason) =>
            Case("checkpoint: " + what, "media checkpoint", input, reason, good);

        yield return Checkpoint("version 1, of the flat digest", Put(good, 0, 1), E2EError.UnsupportedVersion);
        yield return Checkpoint("a byte behind it", [.. good, 0], E2EError.InvalidEncoding);
        yield return Checkpoint("too short", good[..^1], E2EError.InvalidEncoding);
        yield return Checkpoint("padding 9", Put(good, 83, 9), E2EError.InvalidEncoding);
        yield return Checkpoint("a negative number of segments", Put(good, 75, 0x80), E2EError.LimitExceeded);
        yield return Checkpoint("2^40 segments", Put(good, 75, Int64(1L << 40)), E2EError.LimitExceeded);
        yield return Checkpoint("segments of 4,095 bytes", Put(good, 3, 0, 0, 0x0f, 0xff), E2EError.LimitExceeded);
    }
}
