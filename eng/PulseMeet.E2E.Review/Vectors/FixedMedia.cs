using System.Buffers.Binary;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>A sealed file of segments of 4,096 bytes out of a fixed key, IV and nonces, segment by segment, so that each may be another
/// one than it should be.</summary>
internal sealed record FixedMedia(int Length)
{
    public const int SegmentLength = MediaSealingOptions.MinSegmentLength;

    /// <summary>What a full segment holds, in bytes.</summary>
    public const int Full = SegmentLength - FloeParameters.SegmentOverhead;

    public byte[] Key { get; init; } = Fixed("media key");

    public byte[] Iv { get; init; } = Fixed("media iv");

    public string MediaId { get; init; } = "m";

    public MediaKind Kind { get; init; } = MediaKind.Image;

    public MediaPadding Padding { get; init; } = MediaPadding.None;

    /// <summary>What stands in the place of the padding's zeros.</summary>
    public byte Filler { get; init; }

    /// <summary>Makes another content of the same length.</summary>
    public int Shift { get; init; }

    /// <summary>Whether blocks of digests stand behind the segments, and the reference has their root.</summary>
    public bool HasTree { get; init; }

    public FloeLayout Layout => FloeLayout.OfPlaintext(new FloeParameters(SegmentLength), Padding.Pad(Length));

    /// <summary>74 bytes.</summary>
    public byte[] Header()
    {
        using FloeState state = State();
        return state.Header.ToArray();
    }

    /// <summary>The segment of a position, sealed as that of another one, or with another word on whether it is the last.</summary>
    public byte[] Segment(int position, int? sealedAs = null, bool? asLast = null, uint? lengthField = null)
    {
        using FloeState state = State();
        byte[] key = new byte[AesGcm256.KeySize];
        state.DeriveSegmentKey(position, key);
        byte[] content = Plaintext().Skip(position * Full).Take(Full).ToArray();
        byte[] nonce = Fixed($"media nonce {position}")[..AesGcm256.NonceSize];
        byte[] associatedData = new byte[9];
        BinaryPrimitives.WriteInt64BigEndian(associatedData, sealedAs ?? position);
        bool isLast = asLast ?? Layout.IsFinal(position);
        associatedData[8] = isLast ? (byte)1 : (byte)0;
        byte[] sealedContent = new byte[content.Length + AesGcm256.TagSize];
        AesGcm256.Seal(key, nonce, content, associatedData, sealedContent);
        byte[] length = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(
            length, lengthField ?? (isLast ? (uint)(content.Length + FloeParameters.SegmentOverhead) : uint.MaxValue));
        return [.. length, .. nonce, .. sealedContent];
    }

    public byte[] File() => [.. Header(), .. Segments().SelectMany(segment => segment), .. HasTree ? FixedTree.Block(Segments()) : []];

    /// <summary>The root of its tree; of other segments or of another length where those are given.</summary>
    public byte[] Root(IReadOnlyList<byte[]>? segments = null, long? count = null, long? length = null) => FixedTree.Root(
        Header(), segments ?? Segments(), count ?? Layout.Segments, length ?? Layout.SealedLength);

    public IReadOnlyList<byte[]> Segments() => [.. Enumerable.Range(0, (int)Layout.Segments).Select(position => Segment(position))];

    /// <summary>The reference's encoding, of lengths that fit it or of others.</summary>
    public byte[] Reference(MediaDigest? digest = null, byte[]? commitment = null, long? length = null, long? sealedLength = null, int segmentLength = SegmentLength)
    {
        using FloeState state = State();
        var description = new MediaDescription(MediaId, Kind) { FileName = "a.png", MediaType = "image/png" };
        using var reference = new MediaReference(
            description,
            Key,
            segmentLength,
            length ?? Length,
            sealedLength ?? new MediaLayout(Layout, HasTree).SealedLength,
            commitment ?? state.HeaderTag,
            digest ?? (HasTree ? new MediaDigest(MediaDigestKind.Tree, Root()) : null));
        return reference.Encode();
    }

    private FloeState State() =>
        FloeState.Start(Key, new FloeParameters(SegmentLength), Iv, MediaAssociatedData.Encode(MediaId, Kind));

    /// <summary>Byte i of the content is i mod 251, or that of a byte further on.</summary>
    private byte[] Plaintext()
    {
        byte[] plaintext = new byte[Layout.PlaintextLength];
        for (int i = 0; i < plaintext.Length; i++)
        {
            plaintext[i] = i < Length ? (byte)((i + Shift) % 251) : Filler;
        }

        return plaintext;
    }
}
