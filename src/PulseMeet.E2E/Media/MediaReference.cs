using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Media;

/// <summary>What a message carries for a media file: the key that opens it, what it has to be, and how it is shown.</summary>
/// <remarks>Holds the file's key: it belongs inside a sealed message or an encrypted store. Immutable; owns a copy of the key and
/// zeroes it on dispose. Name and media type are safe to show and to write, whatever the peer sent;
/// <see cref="Warnings"/> tells what was wrong with them.</remarks>
public sealed partial class MediaReference : IDisposable
{
    /// <summary>Length of a digest and of a commitment, in bytes.</summary>
    public const int DigestSize = 32;

    private readonly byte[] _commitment;
    private readonly MediaDigest? _digest;

    internal MediaReference(
        MediaDescription description,
        ReadOnlySpan<byte> key,
        int segmentLength,
        long length,
        long sealedLength,
        ReadOnlySpan<byte> commitment,
        MediaDigest? digest)
    {
        Key = MediaKey.Import(key);
        _commitment = commitment.ToArray();
        _digest = digest;
        MediaId = description.MediaId;
        Kind = description.Kind;
        SegmentLength = segmentLength;
        Length = length;
        SealedLength = sealedLength;
        (FileName, MediaWarnings nameWarnings) = MediaName.Sanitize(description.FileName);
        (MediaType, MediaWarnings typeWarnings) = MediaTypes.Sanitize(description.MediaType);
        Warnings = nameWarnings | typeWarnings | MediaTypes.Compare(FileName, MediaType, Kind);
        Width = description.Width;
        Height = description.Height;
        DurationMilliseconds = description.DurationMilliseconds;
        Thumbnail = description.Thumbnail;
    }

    /// <summary>The file's id.</summary>
    public string MediaId { get; }

    /// <summary>What the file is shown as.</summary>
    public MediaKind Kind { get; }

    /// <summary>The file's key. Disposed with this reference.</summary>
    public MediaKey Key { get; }

    /// <summary>Length of a sealed segment, in bytes.</summary>
    public int SegmentLength { get; }

    /// <summary>Length of the file, in bytes, without padding.</summary>
    public long Length { get; }

    /// <summary>Length of the sealed file, in bytes, with the blocks of its tree of digests.</summary>
    public long SealedLength { get; }

    /// <summary>FLOE's header tag, 32 bytes: fits one key, id, kind and header only.</summary>
    public ReadOnlyMemory<byte> Commitment => _commitment;

    /// <summary>The digest of the sealed file, 32 bytes; null where the sender gave none. It is over what is sealed, and tells nothing of
    /// the content: one who keeps the sealed file may know it.</summary>
    public ReadOnlyMemory<byte>? Digest => _digest is null ? (ReadOnlyMemory<byte>?)null : _digest.Value;

    /// <summary>What the digest is of.</summary>
    public MediaDigestKind DigestKind => _digest?.Kind ?? MediaDigestKind.None;

    /// <summary>The name without path, control and bidirectional-override characters; empty if the sender gave none.</summary>
    public string FileName { get; }

    /// <summary>The media type in lower case; <c>application/octet-stream</c> if the sender gave none or a bad one.</summary>
    public string MediaType { get; }

    /// <summary>What was wrong with the name and the media type. An app shows the file in place, or opens it by its extension,
    /// only if this is <see cref="MediaWarnings.None"/>.</summary>
    public MediaWarnings Warnings { get; }

    /// <summary>In pixels; 0 if not known.</summary>
    public uint Width { get; }

    /// <summary>In pixels; 0 if not known.</summary>
    public uint Height { get; }

    /// <summary>Playing time in milliseconds; 0 if not known.</summary>
    public ulong DurationMilliseconds { get; }

    /// <summary>A small picture; empty if there is none. Input from the peer: decode it as such.</summary>
    public ReadOnlyMemory<byte> Thumbnail { get; }

    internal MediaLayout Layout => MediaLayout.OfSealed(new FloeParameters(SegmentLength), SealedLength, DigestKind == MediaDigestKind.Tree);

    /// <summary>The kind and the lengths, never the key or the name.</summary>
    public override string ToString() => $"MediaReference ({Kind}, {Length} bytes, {SealedLength} sealed)";

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => Key.Dispose();
}
