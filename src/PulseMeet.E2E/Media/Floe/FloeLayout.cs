namespace PulseMeet.E2E.Media;

/// <summary>Where the segments of a sealed file lie: all of it follows from the parameters and one of the two lengths.</summary>
/// <remarks>c2sp.org/FLOE, "FLOE Ciphertext Layout": header, full segments, and one final segment that may be shorter. A
/// plaintext that fills its segments exactly has a full final segment; only the empty one has an empty final segment.</remarks>
internal readonly struct FloeLayout
{
    private FloeLayout(FloeParameters parameters, long plaintextLength, long segments)
    {
        Parameters = parameters;
        PlaintextLength = plaintextLength;
        Segments = segments;
        SealedLength = FloeParameters.HeaderSize + plaintextLength + (segments * FloeParameters.SegmentOverhead);
    }

    public FloeParameters Parameters { get; }

    /// <summary>Length of the whole plaintext, padding included, in bytes.</summary>
    public long PlaintextLength { get; }

    /// <summary>Length of the whole sealed file, in bytes.</summary>
    public long SealedLength { get; }

    /// <summary>How many segments there are: at least one.</summary>
    public long Segments { get; }

    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than 2^40 segments.</exception>
    public static FloeLayout OfPlaintext(FloeParameters parameters, long plaintextLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(plaintextLength);
        long segments = Math.Max(1, DivideUp(plaintextLength, parameters.PlaintextLength));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(segments, FloeParameters.MaxSegments, nameof(plaintextLength));
        return new FloeLayout(parameters, plaintextLength, segments);
    }

    /// <exception cref="E2EException">No plaintext has that sealed length: too short, or the last segment could not hold its
    /// own overhead (<see cref="E2EError.Truncated"/>), or over 2^40 segments (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static FloeLayout OfSealed(FloeParameters parameters, long sealedLength)
    {
        long body = sealedLength - FloeParameters.HeaderSize;
        if (body < FloeParameters.SegmentOverhead)
        {
            throw new E2EException(E2EError.Truncated, "Shorter than a header and one segment.");
        }

        long segments = DivideUp(body, parameters.SegmentLength);
        if (segments > FloeParameters.MaxSegments)
        {
            throw new E2EException(E2EError.LimitExceeded, "More than 2^40 segments.");
        }

        if (body - ((segments - 1) * parameters.SegmentLength) < FloeParameters.SegmentOverhead)
        {
            throw new E2EException(E2EError.Truncated, "The last segment is shorter than its overhead.");
        }

        return new FloeLayout(parameters, body - (segments * FloeParameters.SegmentOverhead), segments);
    }

    public bool IsFinal(long position) => position == Segments - 1;

    /// <summary>Where the sealed segment begins, in bytes.</summary>
    public long OffsetOf(long position) => FloeParameters.HeaderSize + (position * Parameters.SegmentLength);

    /// <summary>Length of the sealed segment, in bytes.</summary>
    public int SealedLengthOf(long position) =>
        IsFinal(position) ? (int)(SealedLength - OffsetOf(position)) : Parameters.SegmentLength;

    private static long DivideUp(long value, long by) => (value / by) + (value % by == 0 ? 0 : 1);
}
