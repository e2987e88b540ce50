namespace PulseMeet.E2E.Media;

/// <summary>How many digests a tree over so many segments has, and where in the file they stand: all of it follows from the number of
/// segments.</summary>
/// <remarks>docs/protocol-media.md, "Digest". The digests of a level stand in blocks of 256; a block comes right behind the last segment
/// that is under it, and behind the blocks of the levels below it. So sealing writes each block as it gets full, in one pass and without
/// keeping the others, and a reader finds each without reading another.</remarks>
internal static class TreeShape
{
    /// <summary>Length of a digest, in bytes.</summary>
    public const int DigestSize = 32;

    /// <summary>How many digests a full block has: the children of one node.</summary>
    public const int FanOut = 1 << FanOutBits;

    /// <summary>Length of a full block, in bytes.</summary>
    public const int BlockSize = FanOut * DigestSize;

    private const int FanOutBits = 8;

    /// <summary>How many levels stand in the file: all but the top, which is one digest. At most five.</summary>
    public static int Levels(long segments)
    {
        int levels = 0;
        for (long count = segments; count > 1; count = Above(count))
        {
            levels++;
        }

        return levels;
    }

    /// <summary>Length of all blocks of a whole file, in bytes.</summary>
    public static long Length(long segments)
    {
        long digests = 0;
        for (long count = segments; count > 1; count = Above(count))
        {
            digests += count;
        }

        return digests * DigestSize;
    }

    /// <summary>Length of the full blocks behind the first so many segments, in bytes.</summary>
    public static long LengthOfFull(long segments)
    {
        long digests = 0;
        for (long blocks = segments >> FanOutBits; blocks > 0; blocks >>= FanOutBits)
        {
            digests += blocks << FanOutBits;
        }

        return digests * DigestSize;
    }

    /// <summary>Which block of a level has a segment under it.</summary>
    public static long BlockOver(int level, long position) => position >> (FanOutBits * (level + 1));

    /// <summary>Where in that block the digest over the segment stands, in bytes.</summary>
    public static int PlaceInBlock(int level, long position) =>
        (int)((position >> (FanOutBits * level)) & (FanOut - 1)) * DigestSize;

    /// <summary>How many segments come before the end of a block: the block stands behind the last of them.</summary>
    public static long EndOf(int level, long block, long segments) =>
        Math.Min(segments, (block + 1) << (FanOutBits * (level + 1)));

    /// <summary>Length of the block of a level that ends behind so many segments, in bytes.</summary>
    public static int LengthOfLast(int level, long end)
    {
        long digests = ((end - 1) >> (FanOutBits * level)) + 1;
        return ((int)((digests - 1) & (FanOut - 1)) + 1) * DigestSize;
    }

    private static long Above(long count) => (count + FanOut - 1) >> FanOutBits;
}
