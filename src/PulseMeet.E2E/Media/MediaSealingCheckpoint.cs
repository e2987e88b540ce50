using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Media;

/// <summary>Where an interrupted sealing can carry on: after so many whole segments, with the root of the tree of digests over them.
/// Holds no secret. Immutable.</summary>
/// <remarks>docs/protocol-media.md, "Checkpoint". Only bytes that a stored checkpoint counts may leave the device: what
/// follows them is dropped and sealed anew on resuming, so that no position is ever seen with two contents.</remarks>
public sealed class MediaSealingCheckpoint
{
    /// <summary>Length of the encoding, in bytes.</summary>
    public const int EncodedSize = 1 + FloeParameters.HeaderSize + 8 + 1 + DigestSize;

    private const int DigestSize = 32;
    private const byte Version = 2;

    private readonly byte[] _header;
    private readonly byte[] _digest;

    internal MediaSealingCheckpoint(ReadOnlySpan<byte> header, long segments, MediaPadding padding, ReadOnlySpan<byte> digest)
    {
        _header = header.ToArray();
        Segments = segments;
        Padding = padding;
        _digest = digest.ToArray();
    }

    /// <summary>How many segments are sealed for good.</summary>
    public long Segments { get; }

    /// <summary>How many bytes of the sealed file may leave the device.</summary>
    public long SealedLength => MediaLayout.LengthOfBeginning(SegmentLength, Segments);

    /// <summary>The padding that sealing began with.</summary>
    public MediaPadding Padding { get; }

    /// <summary>Length of a sealed segment, in bytes.</summary>
    public int SegmentLength => (int)new SpanReader(_header.AsSpan(2)).ReadUInt32();

    internal ReadOnlySpan<byte> Header => _header;

    internal ReadOnlySpan<byte> Digest => _digest;

    /// <summary>Writes the checkpoint: 116 bytes.</summary>
    public byte[] Encode()
    {
        byte[] encoded = new byte[EncodedSize];
        var writer = new SpanWriter(encoded);
        writer.WriteByte(Version);
        writer.WriteBytes(_header);
        writer.WriteInt64(Segments);
        writer.WriteByte((byte)Padding);
        writer.WriteBytes(_digest);
        writer.ExpectFull();
        return encoded;
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="encoded">Input from outside.</param>
    /// <exception cref="E2EException">Another version (<see cref="E2EError.UnsupportedVersion"/>), a length over its bound
    /// (<see cref="E2EError.LimitExceeded"/>), or not the documented form (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static MediaSealingCheckpoint Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        reader.ExpectVersion(Version);
        ReadOnlySpan<byte> header = reader.ReadBytes(FloeParameters.HeaderSize);
        long segments = reader.ReadInt64();
        var padding = (MediaPadding)reader.ReadByte();
        var checkpoint = new MediaSealingCheckpoint(header, segments, padding, reader.ReadBytes(DigestSize));
        reader.ExpectEnd();
        if (checkpoint.SegmentLength is < MediaSealingOptions.MinSegmentLength or > MediaSealingOptions.MaxSegmentLength
            || segments is < 0 or >= FloeParameters.MaxSegments)
        {
            throw new E2EException(E2EError.LimitExceeded);
        }

        if (padding is not (MediaPadding.None or MediaPadding.Padme))
        {
            throw new E2EException(E2EError.InvalidEncoding, "The padding is not a known one.");
        }

        return checkpoint;
    }
}
