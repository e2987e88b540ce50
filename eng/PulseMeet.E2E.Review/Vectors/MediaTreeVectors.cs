using System.Buffers.Binary;
using System.Text.Json.Nodes;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Trees of digests too large to stand here with their files: over digests that are made up.</summary>
internal sealed class MediaTreeVectors : IVectorTopic
{
    private const int SegmentLength = MediaSealingOptions.MinSegmentLength;
    private const int LastLength = 100;

    public string FileName => "media-trees.json";

    public string Description =>
        "Trees of digests over files of segments of 4,096 bytes, whose last has 100. The digest of segment i is SHA-256 of i in eight bytes. «blocks» is the "
        + "SHA-256 of all blocks in the order of the file, «last_blocks» where in the file the last block of each level begins, and its length.";

    public JsonArray Write() => [.. new[] { 1, 2, 255, 256, 257, 512, 65_536, 65_537, 65_793 }.Select(Vector)];

    public IEnumerable<string> Differences(JsonObject vector) =>
        Compare(vector, Compute(vector)).Concat(OfLibrary(vector)).Distinct();

    private static JsonObject Vector(int segments)
    {
        var vector = new JsonObject { ["segments"] = segments, ["header"] = Hex(Header()) };
        AddTo(vector, Compute(vector));
        return vector;
    }

    private static byte[] Header() => [.. Fixed("tree header"), .. Fixed("tree header, its second half"), .. Fixed("tree header, its end")[..10]];

    private static byte[] Leaf(long position)
    {
        byte[] number = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, position);
        return Sha256.Hash(number);
    }

    /// <summary>As the document says it.</summary>
    private static JsonObject Compute(JsonObject vector)
    {
        int segments = (int)Number(vector, "segments");
        List<byte[][]> levels = FixedTree.Levels(Enumerable.Range(0, segments).Select(i => Leaf(i)));
        using var blocks = new IncrementalSha256();
        long length = FloeParameters.HeaderSize;
        var last = new List<string>();
        for (int position = 0; position < segments; position++)
        {
            length += position == segments - 1 ? LastLength : SegmentLength;
            byte[] behind = FixedTree.Behind(levels, position);
            blocks.Append(behind);
            if (position == segments - 1)
            {
                int at = 0;
                foreach (byte[][] level in levels.TakeWhile(level => level.Length > 1))
                {
                    int size = (((level.Length - 1) % 256) + 1) * 32;
                    last.Add($"{length + at} {size}");
                    at += size;
                }
            }

            length += behind.Length;
        }

        return new JsonObject
        {
            ["sealed_length"] = length,
            ["blocks"] = Hex(blocks.Current()),
            ["last_blocks"] = string.Join(", ", last),
            ["top"] = Hex(levels[^1][0]),
            ["root"] = Hex(FixedTree.RootOver(Bytes(vector, "header"), segments, LengthWithoutBlocks(segments), levels[^1][0])),
        };
    }

    private static long LengthWithoutBlocks(long segments) => FloeParameters.HeaderSize + ((segments - 1) * SegmentLength) + LastLength;

    /// <summary>What the library has otherwise.</summary>
    private static IEnumerable<string> OfLibrary(JsonObject vector)
    {
        long segments = Number(vector, "segments");
        var parameters = new FloeParameters(SegmentLength);
        MediaLayout layout = MediaLayout.OfSealed(parameters, Number(vector, "sealed_length"), hasTree: true);
        if (layout.Segments != segments || layout.SealedLength != Number(vector, "sealed_length"))
        {
            yield return "sealed_length";
        }

        using var blocks = new IncrementalSha256();
        using var digest = new FileDigest(Bytes(vector, "header"));
        byte[]? root = null;
        for (long position = 0; position < segments; position++)
        {
            blocks.Append(digest.Add(Leaf(position), layout.SealedLengthOf(position), layout.IsFinal(position), out root).Span);
        }

        if (Hex(blocks.Current()) != Text(vector, "blocks"))
        {
            yield return "blocks";
        }

        if (Hex(root) != Text(vector, "root"))
        {
            yield return "root";
        }

        string last = string.Join(", ", Enumerable.Range(0, layout.Levels)
            .Select(level => layout.BlockAt(level, TreeShape.BlockOver(level, segments - 1)))
            .Select(block => $"{block.Offset} {block.Length}"));
        if (last != Text(vector, "last_blocks"))
        {
            yield return "last_blocks";
        }
    }
}
