using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>The digest of a file whose segments go by in order: the tree, and which file it is of.</summary>
/// <remarks>Not thread-safe; where several workers hash the segments, they add their digests by turns.</remarks>
internal sealed class FileDigest : IDisposable
{
    private readonly TreeHash _hash = new();
    private readonly DigestTree _tree;
    private readonly byte[] _header;
    private long _length = FloeParameters.HeaderSize;

    /// <param name="header">74 bytes, as they stand in the file.</param>
    public FileDigest(ReadOnlySpan<byte> header)
    {
        Argument.HasLength(header, FloeParameters.HeaderSize);
        _header = header.ToArray();
        _tree = new DigestTree(_hash);
    }

    /// <summary>The root as though the file ended behind the segments so far.</summary>
    public byte[] RootSoFar() => _hash.Root(_header, _tree.Segments, _length, _tree.TopSoFar());

    /// <summary>Adds a segment.</summary>
    /// <param name="leaf">Its digest, 32 bytes.</param>
    /// <param name="length">Its length, in bytes.</param>
    /// <param name="isLast">Whether the file ends with it.</param>
    /// <param name="root">Behind the last segment: 32 bytes.</param>
    /// <returns>The blocks behind it. Valid until the next call.</returns>
    public ReadOnlyMemory<byte> Add(ReadOnlySpan<byte> leaf, int length, bool isLast, out byte[]? root)
    {
        _length += length;
        _tree.Add(leaf);
        root = isLast ? _hash.Root(_header, _tree.Segments, _length, _tree.Complete()) : null;
        return _tree.Ready;
    }

    /// <summary>Adds a segment, and writes the blocks behind it.</summary>
    /// <param name="segment">As it is sealed.</param>
    /// <param name="behind">As long as the blocks that the layout has there.</param>
    /// <param name="isLast">Whether the file ends with it.</param>
    /// <returns>Behind the last segment: the root.</returns>
    public byte[]? Write(ReadOnlySpan<byte> segment, Span<byte> behind, bool isLast)
    {
        Span<byte> leaf = stackalloc byte[TreeShape.DigestSize];
        _hash.Leaf(segment, leaf);
        Add(leaf, segment.Length, isLast, out byte[]? root).Span.CopyTo(behind);
        return root;
    }

    /// <summary>Holds a segment, and the blocks behind it, against the root.</summary>
    /// <param name="segment">From outside.</param>
    /// <param name="behind">From outside; as long as the blocks that the layout has there.</param>
    /// <param name="isLast">Whether the file ends with it.</param>
    /// <param name="root">The reference's digest.</param>
    /// <exception cref="E2EException">A block or the root is another one (<see cref="E2EError.NotAuthentic"/>).</exception>
    public void Verify(ReadOnlySpan<byte> segment, ReadOnlySpan<byte> behind, bool isLast, ReadOnlySpan<byte> root)
    {
        Span<byte> leaf = stackalloc byte[TreeShape.DigestSize];
        _hash.Leaf(segment, leaf);
        VerifyLeaf(leaf, segment.Length, behind, isLast, root);
    }

    /// <summary>The same with the segment's digest in the place of the segment.</summary>
    /// <inheritdoc cref="Verify"/>
    public void VerifyLeaf(ReadOnlySpan<byte> leaf, int length, ReadOnlySpan<byte> behind, bool isLast, ReadOnlySpan<byte> root)
    {
        ReadOnlySpan<byte> expected = Add(leaf, length, isLast, out byte[]? computed).Span;
        if (!PublicBytes.Equal(behind, expected) || (isLast && !PublicBytes.Equal(computed, root)))
        {
            throw new E2EException(E2EError.NotAuthentic, "The digest is another one.");
        }
    }

    public void Dispose() => _hash.Dispose();
}
