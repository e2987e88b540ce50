using System.Buffers.Binary;
using System.Security.Cryptography;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>The tree of digests once more, as docs/protocol-media.md says it: level by level, over all segments at once. It shares no code
/// with the library, so that the vectors hold one against the other.</summary>
internal static class FixedTree
{
    private const int FanOut = 256;

    public static byte[] Leaf(byte[] segment) => SHA256.HashData([0, .. segment]);

    /// <summary>All levels, from the segments' digests up to the one over all.</summary>
    public static List<byte[][]> Levels(IEnumerable<byte[]> leaves)
    {
        List<byte[][]> levels = [[.. leaves]];
        while (levels[^1].Length > 1)
        {
            levels.Add([.. levels[^1].Chunk(FanOut).Select(block => SHA256.HashData([1, .. block.SelectMany(digest => digest)]))]);
        }

        return levels;
    }

    /// <summary>The one block of a file of at most 256 segments.</summary>
    public static byte[] Block(IReadOnlyList<byte[]> segments) =>
        segments.Count == 1 ? [] : [.. segments.SelectMany(Leaf)];

    public static byte[] Root(byte[] header, IEnumerable<byte[]> segments, long count, long length) =>
        RootOver(header, count, length, Levels(segments.Select(Leaf))[^1][0]);

    public static byte[] RootOver(byte[] header, long count, long length, byte[] top)
    {
        byte[] bounds = new byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bounds, count);
        BinaryPrimitives.WriteInt64BigEndian(bounds.AsSpan(8), length);
        return SHA256.HashData([2, .. "PulseMeet-E2E v1 media digest"u8, .. header, .. bounds, .. top]);
    }

    /// <summary>What stands behind each segment of a file: of each level the blocks that end there, the lowest first.</summary>
    public static byte[] Behind(List<byte[][]> levels, long position)
    {
        var behind = new List<byte>();
        long below = 1;
        foreach (byte[][] level in levels.TakeWhile(level => level.Length > 1))
        {
            // How many of this level's digests are over whole groups, and whether a group ends here.
            bool endsFile = position == levels[0].Length - 1;
            long digests = endsFile ? level.Length : (position + 1) / below;
            if (endsFile || (position + 1) % (below * FanOut) == 0)
            {
                long from = (digests - 1) / FanOut * FanOut;
                behind.AddRange(level[(int)from..(int)digests].SelectMany(digest => digest));
            }

            below *= FanOut;
        }

        return [.. behind];
    }
}
