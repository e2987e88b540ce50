namespace PulseMeet.E2E.Media;

/// <summary>How a media file is sealed. Immutable.</summary>
public sealed record MediaSealingOptions
{
    /// <summary>The shortest segment, in bytes.</summary>
    public const int MinSegmentLength = 4096;

    /// <summary>The longest segment, in bytes.</summary>
    public const int MaxSegmentLength = 1024 * 1024;

    /// <summary>The default segment length, in bytes; measured, see docs/protocol-media.md, "Segment length".</summary>
    public const int DefaultSegmentLength = 128 * 1024;

    /// <summary>The most workers.</summary>
    public const int MaxWorkers = 64;

    /// <summary>The defaults: segments of 128 KiB, no padding, a digest, one worker.</summary>
    public static MediaSealingOptions Default { get; } = new();

    /// <summary>Length of a sealed segment, in bytes: 4,096 to 1,048,576. A range that is read costs whole segments.</summary>
    public int SegmentLength { get; init; } = DefaultSegmentLength;

    /// <summary>Whether the length is hidden.</summary>
    public MediaPadding Padding { get; init; } = MediaPadding.None;

    /// <summary>Whether the reference gets a digest of the sealed file: the root of a tree of SHA-256 digests over its segments. It binds
    /// every recipient, of ranges too, to the same bytes even where one who holds the key replaces the file. Hashing costs more time than
    /// sealing, and is shared among the workers; the tree takes 32 bytes for each segment in the sealed file.</summary>
    public bool WithDigest { get; init; } = true;

    /// <summary>How many thread-pool threads seal at a time: 1 to 64. Memory grows with it: more than one take several segments at
    /// a time within 2 MiB of buffers in all, or one segment each, in two buffers. Always 1 in a browser.</summary>
    public int Workers { get; init; } = 1;

    internal FloeParameters Parameters => new(SegmentLength);

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentLength, MinSegmentLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SegmentLength, MaxSegmentLength);
        ArgumentOutOfRangeException.ThrowIfLessThan(Workers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Workers, MaxWorkers);
        if (Padding is not (MediaPadding.None or MediaPadding.Padme))
        {
            throw new ArgumentOutOfRangeException(nameof(Padding));
        }
    }
}
