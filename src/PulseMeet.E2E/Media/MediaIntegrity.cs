using System.Buffers.Binary;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>Holds a sealed file against the digest of its reference without the key: for a store, a relay or a backup that was told the
/// digest, and can so tell a whole copy from a damaged or an exchanged one.</summary>
/// <remarks>docs/protocol-media.md, "Digest". The digest is over what is sealed and tells nothing of the content. That the file opens is not
/// shown by it: whoever made the reference may have sealed anything. Stateless and thread-safe.</remarks>
public static class MediaIntegrity
{
    /// <summary>Reads a whole sealed file and compares its tree of digests, in the memory of one segment.</summary>
    /// <param name="sealedFile">From its current position to its end; it can seek. Not disposed.</param>
    /// <param name="digest">The reference's, of <see cref="MediaDigestKind.Tree"/>: 32 bytes.</param>
    /// <param name="cancellationToken">Stops between segments.</param>
    /// <exception cref="ArgumentException"><paramref name="sealedFile"/> cannot seek, or <paramref name="digest"/> has another
    /// length.</exception>
    /// <exception cref="E2EException">Too short for any file (<see cref="E2EError.Truncated"/>); a header that is none, or a length that no
    /// file has (<see cref="E2EError.InvalidEncoding"/>); a segment length outside its bounds, or more than 2^40 segments
    /// (<see cref="E2EError.LimitExceeded"/>); or another digest (<see cref="E2EError.NotAuthentic"/>).</exception>
    public static async Task VerifyAsync(
        Stream sealedFile, ReadOnlyMemory<byte> digest, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sealedFile);
        Argument.HasLength(digest.Span, MediaReference.DigestSize, nameof(digest));
        if (!sealedFile.CanSeek)
        {
            throw new ArgumentException("The stream must be able to seek.", nameof(sealedFile));
        }

        long length = sealedFile.Length - sealedFile.Position;
        var source = new StreamEnd(sealedFile, sync: false);
        byte[] header = new byte[FloeParameters.HeaderSize];
        await ReadAsync(source, header, cancellationToken).ConfigureAwait(false);
        MediaLayout layout = LayoutOf(header, length);
        using var tree = new FileDigest(header);
        byte[] segment = new byte[layout.SealedLengthOf(0)];
        byte[] blocks = new byte[TreeShape.BlockSize];
        for (long position = 0; position < layout.Segments; position++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Memory<byte> piece = segment.AsMemory(0, layout.SealedLengthOf(position));
            await ReadAsync(source, piece, cancellationToken).ConfigureAwait(false);
            int behind = layout.LengthOfBlocksBehind(position);
            blocks = behind > blocks.Length ? new byte[behind] : blocks;
            await ReadAsync(source, blocks.AsMemory(0, behind), cancellationToken).ConfigureAwait(false);
            tree.Verify(piece.Span, blocks.AsSpan(0, behind), layout.IsFinal(position), digest.Span);
        }
    }

    private static async ValueTask ReadAsync(StreamEnd source, Memory<byte> memory, CancellationToken cancellationToken)
    {
        if (await source.FillAsync(memory, cancellationToken).ConfigureAwait(false) != memory.Length)
        {
            throw new E2EException(E2EError.Truncated);
        }
    }

    /// <summary>By the header and the length alone: the root binds both.</summary>
    private static MediaLayout LayoutOf(ReadOnlySpan<byte> header, long length)
    {
        uint segmentLength = BinaryPrimitives.ReadUInt32BigEndian(header[2..]);
        if (segmentLength is < MediaSealingOptions.MinSegmentLength or > MediaSealingOptions.MaxSegmentLength)
        {
            throw new E2EException(E2EError.LimitExceeded, "The segment length is outside its bounds.");
        }

        var parameters = new FloeParameters((int)segmentLength);
        Span<byte> encoded = stackalloc byte[FloeParameters.EncodedSize];
        parameters.Encode(encoded);
        if (!PublicBytes.Equal(encoded, header[..FloeParameters.EncodedSize]))
        {
            throw new E2EException(E2EError.InvalidEncoding, "The header has other parameters.");
        }

        if (length < FloeParameters.HeaderSize + FloeParameters.SegmentOverhead)
        {
            throw new E2EException(E2EError.Truncated, "Shorter than a header and one segment.");
        }

        return MediaLayout.TryOfSealed(parameters, length, hasTree: true)
            ?? throw new E2EException(E2EError.InvalidEncoding, "No file with a tree of digests has that length.");
    }
}
