using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

public sealed partial class MediaReference
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxEncodedSize = FixedSize + DigestSize
        + MediaDescription.MaxIdSize + MediaDescription.MaxMediaTypeSize + MediaDescription.MaxFileNameSize
        + MediaDescription.MaxThumbnailSize;

    /// <summary>No digest, or a flat one.</summary>
    private const byte FlatVersion = 1;

    /// <summary>A tree of digests: an app that does not know it cannot know either where the segments lie.</summary>
    private const byte TreeVersion = 2;

    // Version, kind, id's length, key, segment length, two lengths, commitment, digest's kind, two text lengths, dimensions,
    // playing time, thumbnail's length.
    private const int FixedSize = 1 + 1 + 2 + MediaKey.KeySize + 4 + 8 + 8 + DigestSize + 1 + 2 + 2 + 4 + 4 + 8 + 4;

    /// <summary>Length of the encoding, in bytes; at most <see cref="MaxEncodedSize"/>.</summary>
    public int EncodedSize => FixedSize
        + (_digest is null ? 0 : DigestSize)
        + StrictUtf8.Instance.GetByteCount(MediaId)
        + StrictUtf8.Instance.GetByteCount(MediaType)
        + StrictUtf8.Instance.GetByteCount(FileName)
        + Thumbnail.Length;

    /// <summary>Writes the reference: docs/protocol-media.md, "Media reference". The bytes hold the file's key.</summary>
    /// <param name="destination">Exactly <see cref="EncodedSize"/> bytes.</param>
    /// <exception cref="ArgumentException">The length is another one.</exception>
    /// <exception cref="ObjectDisposedException">The reference was disposed.</exception>
    public void Encode(Span<byte> destination)
    {
        Argument.HasLength(destination, EncodedSize);
        var writer = new SpanWriter(destination);
        writer.WriteByte(DigestKind == MediaDigestKind.Tree ? TreeVersion : FlatVersion);
        writer.WriteByte((byte)Kind);
        writer.WriteText16(MediaId);
        Key.Write(ref writer);
        writer.WriteUInt32((uint)SegmentLength);
        writer.WriteInt64(Length);
        writer.WriteInt64(SealedLength);
        writer.WriteBytes(_commitment);
        writer.WriteByte((byte)DigestKind);
        writer.WriteBytes(_digest?.Value);
        writer.WriteText16(MediaType);
        writer.WriteText16(FileName);
        writer.WriteUInt32(Width);
        writer.WriteUInt32(Height);
        writer.WriteUInt64(DurationMilliseconds);
        writer.WriteField32(Thumbnail.Span);
        writer.ExpectFull();
    }

    /// <summary>The encoding in an array of its own. It holds the file's key.</summary>
    public byte[] Encode()
    {
        byte[] encoded = new byte[EncodedSize];
        Encode(encoded);
        return encoded;
    }

    /// <summary>Reads a reference. Name and media type come out sanitised.</summary>
    /// <param name="encoded">Input from outside.</param>
    /// <returns>The caller disposes it.</returns>
    /// <exception cref="E2EException">Another version (<see cref="E2EError.UnsupportedVersion"/>), a length over its bound
    /// (<see cref="E2EError.LimitExceeded"/>), lengths that do not fit each other, or not the documented form
    /// (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static MediaReference Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        byte version = reader.ReadByte();
        if (version is not (FlatVersion or TreeVersion))
        {
            throw new E2EException(E2EError.UnsupportedVersion);
        }

        var kind = (MediaKind)reader.ReadByte();
        string mediaId = ReadText(ref reader, MediaDescription.MaxIdSize);
        if (kind is < MediaKind.File or > MediaKind.Audio || mediaId.Length == 0)
        {
            throw new E2EException(E2EError.InvalidEncoding, "The kind or the media id is not a valid one.");
        }

        ReadOnlySpan<byte> key = reader.ReadBytes(MediaKey.KeySize);
        uint segmentLength = reader.ReadUInt32();
        long length = reader.ReadInt64();
        long sealedLength = reader.ReadInt64();
        ReadOnlySpan<byte> commitment = reader.ReadBytes(DigestSize);
        MediaDigest? digest = ReadDigest(ref reader, version);
        CheckLengths(segmentLength, length, sealedLength, digest?.Kind == MediaDigestKind.Tree);
        string mediaType = ReadText(ref reader, MediaDescription.MaxMediaTypeSize);
        string fileName = ReadText(ref reader, MediaDescription.MaxFileNameSize);
        uint width = reader.ReadUInt32();
        uint height = reader.ReadUInt32();
        ulong duration = reader.ReadUInt64();
        ReadOnlySpan<byte> thumbnail = reader.ReadField32(MediaDescription.MaxThumbnailSize);
        reader.ExpectEnd();
        var description = new MediaDescription(mediaId, kind)
        {
            MediaType = mediaType,
            FileName = fileName,
            Width = width,
            Height = height,
            DurationMilliseconds = duration,
            Thumbnail = thumbnail.ToArray(),
        };
        return new MediaReference(description, key, (int)segmentLength, length, sealedLength, commitment, digest);
    }

    private static string ReadText(ref SpanReader reader, int max)
    {
        ReadOnlySpan<byte> text = reader.ReadField16();
        if (text.Length > max)
        {
            throw new E2EException(E2EError.LimitExceeded, "A text is longer than its bound.");
        }

        return StrictUtf8.Decode(text);
    }

    private static MediaDigest? ReadDigest(ref SpanReader reader, byte version)
    {
        var kind = (MediaDigestKind)reader.ReadByte();
        if (version == TreeVersion ? kind != MediaDigestKind.Tree : kind is not (MediaDigestKind.None or MediaDigestKind.Flat))
        {
            throw new E2EException(E2EError.InvalidEncoding, "The digest's kind is not one of this version.");
        }

        return kind == MediaDigestKind.None ? null : new MediaDigest(kind, reader.ReadBytes(DigestSize).ToArray());
    }

    private static void CheckLengths(uint segmentLength, long length, long sealedLength, bool hasTree)
    {
        if (segmentLength is < MediaSealingOptions.MinSegmentLength or > MediaSealingOptions.MaxSegmentLength)
        {
            throw new E2EException(E2EError.LimitExceeded, "The segment length is outside its bounds.");
        }

        // The padding is none or Padmé's: another difference means that one of the lengths is a lie.
        MediaLayout? layout = MediaLayout.TryOfSealed(new FloeParameters((int)segmentLength), sealedLength, hasTree);
        if (layout is not { PlaintextLength: var padded }
            || length < 0
            || length > padded
            || (padded != length && padded != MediaPadding.Padme.Pad(length)))
        {
            throw new E2EException(E2EError.InvalidEncoding, "The lengths do not fit each other.");
        }
    }
}
