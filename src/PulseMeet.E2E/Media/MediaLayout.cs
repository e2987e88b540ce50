namespace PulseMeet.E2E.Media;

/// <summary>Where everything lies in a sealed file: FLOE's header and segments, and where there is a tree of digests, its blocks between
/// them. All of it follows from the segment length, the file's length and the digest's kind.</summary>
internal readonly struct MediaLayout
{
    /// <param name="floe">The file without blocks.</param>
    /// <param name="hasTree">Whether blocks stand in it.</param>
    public MediaLayout(FloeLayout floe, bool hasTree)
    {
        Floe = floe;
        HasTree = hasTree;
    }

    /// <summary>The file without blocks: a FLOE ciphertext.</summary>
    public FloeLayout Floe { get; }

    /// <summary>Whether blocks of digests stand in it.</summary>
    public bool HasTree { get; }

    public FloeParameters Parameters => Floe.Parameters;

    /// <summary>Length of the whole plaintext, padding included, in bytes.</summary>
    public long PlaintextLength => Floe.PlaintextLength;

    /// <summary>How many segments there are: at least one.</summary>
    public long Segments => Floe.Segments;

    /// <summary>Length of the whole sealed file, in bytes.</summary>
    public long SealedLength => Floe.SealedLength + (HasTree ? TreeShape.Length(Segments) : 0);

    /// <summary>How many levels of the tree stand in the file.</summary>
    public int Levels => HasTree ? TreeShape.Levels(Segments) : 0;

    /// <summary>A FLOE ciphertext as it is.</summary>
    public static implicit operator MediaLayout(FloeLayout floe) => new(floe, hasTree: false);

    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than 2^40 segments.</exception>
    public static MediaLayout OfPlaintext(FloeParameters parameters, long plaintextLength, bool hasTree) =>
        new(FloeLayout.OfPlaintext(parameters, plaintextLength), hasTree);

    /// <summary>The layout of a length that <see cref="OfPlaintext"/> gives for some plaintext.</summary>
    public static MediaLayout OfSealed(FloeParameters parameters, long sealedLength, bool hasTree) => new(
        FloeLayout.OfSealed(parameters, hasTree ? LengthWithoutTree(parameters, sealedLength) : sealedLength), hasTree);

    /// <summary>The layout of a file of that length; null where no plaintext gives it.</summary>
    /// <exception cref="E2EException">More than 2^40 segments (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static MediaLayout? TryOfSealed(FloeParameters parameters, long sealedLength, bool hasTree)
    {
        long floeLength = hasTree ? LengthWithoutTree(parameters, sealedLength) : sealedLength;
        if (floeLength < FloeParameters.HeaderSize + FloeParameters.SegmentOverhead
            || (floeLength - FloeParameters.HeaderSize) % parameters.SegmentLength is > 0 and < FloeParameters.SegmentOverhead)
        {
            return null;
        }

        // Between the lengths of two numbers of segments, and with an empty segment behind a full one, there is no file.
        MediaLayout layout = OfPlaintext(parameters, FloeLayout.OfSealed(parameters, floeLength).PlaintextLength, hasTree);
        return layout.SealedLength == sealedLength ? layout : null;
    }

    /// <summary>What a file's length is without its blocks, where it is the length of any file with a tree.</summary>
    public static long LengthWithoutTree(FloeParameters parameters, long sealedLength)
    {
        // The fewest segments that reach that length with their blocks: it grows with their number.
        long few = 1;
        long many = Math.Min(FloeParameters.MaxSegments, sealedLength / parameters.SegmentLength) + 1;
        while (few < many)
        {
            long middle = few + ((many - few) / 2);
            long length = FloeParameters.HeaderSize + (middle * parameters.SegmentLength) + TreeShape.Length(middle);
            if (length < sealedLength)
            {
                few = middle + 1;
            }
            else
            {
                many = middle;
            }
        }

        return sealedLength - TreeShape.Length(few);
    }

    /// <summary>Length of a file's first segments with the header and their full blocks, in bytes.</summary>
    public static long LengthOfBeginning(int segmentLength, long segments) =>
        FloeParameters.HeaderSize + (segments * segmentLength) + TreeShape.LengthOfFull(segments);

    public bool IsFinal(long position) => Floe.IsFinal(position);

    /// <summary>Where the sealed segment begins, in bytes.</summary>
    public long OffsetOf(long position) => Floe.OffsetOf(position) + (HasTree ? TreeShape.LengthOfFull(position) : 0);

    /// <summary>Length of the sealed segment, in bytes.</summary>
    public int SealedLengthOf(long position) => Floe.SealedLengthOf(position);

    /// <summary>Length of the blocks between a segment and the next one, or the end, in bytes: at most 40 KiB.</summary>
    public int LengthOfBlocksBehind(long position)
    {
        if (!HasTree)
        {
            return 0;
        }

        long before = TreeShape.LengthOfFull(position);
        return (int)((IsFinal(position) ? TreeShape.Length(Segments) : TreeShape.LengthOfFull(position + 1)) - before);
    }

    /// <summary>A segment of a whole file in memory.</summary>
    public Span<byte> SegmentOf(Span<byte> file, long position) => file.Slice((int)OffsetOf(position), SealedLengthOf(position));

    /// <inheritdoc cref="SegmentOf(Span{byte}, long)"/>
    public ReadOnlySpan<byte> SegmentOf(ReadOnlySpan<byte> file, long position) =>
        file.Slice((int)OffsetOf(position), SealedLengthOf(position));

    /// <summary>The blocks behind a segment of a whole file in memory.</summary>
    public Span<byte> BehindSegment(Span<byte> file, long position) =>
        file.Slice((int)OffsetOf(position) + SealedLengthOf(position), LengthOfBlocksBehind(position));

    /// <inheritdoc cref="BehindSegment(Span{byte}, long)"/>
    public ReadOnlySpan<byte> BehindSegment(ReadOnlySpan<byte> file, long position) =>
        file.Slice((int)OffsetOf(position) + SealedLengthOf(position), LengthOfBlocksBehind(position));

    /// <summary>Where a block of the tree begins, and its length, in bytes.</summary>
    /// <param name="level">0 for the digests of segments.</param>
    /// <param name="block">Counts from 0.</param>
    public (long Offset, int Length) BlockAt(int level, long block)
    {
        long end = TreeShape.EndOf(level, block, Segments);
        long offset = OffsetOf(end - 1) + SealedLengthOf(end - 1);
        for (int below = 0; below < level; below++)
        {
            offset += TreeShape.LengthOfLast(below, end);
        }

        return (offset, TreeShape.LengthOfLast(level, end));
    }
}
