using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>Verifies single segments of a file against the root in its reference: reads the blocks from the top down to the segment's own,
/// each held against the one above, and keeps the last of each level.</summary>
/// <remarks>A segment costs at most one block of 8 KiB for each level, five at most; its 255 neighbours cost none. Not
/// thread-safe.</remarks>
internal sealed class DigestTreeReader : IDisposable
{
    private readonly TreeHash _hash = new();
    private readonly MediaLayout _layout;
    private readonly byte[] _root;
    private readonly byte[] _header;
    private readonly Func<long, Memory<byte>, bool, CancellationToken, ValueTask> _read;
    private readonly byte[][] _blocks;
    private readonly long[] _held;

    /// <param name="layout">By the reference; with a tree.</param>
    /// <param name="root">The reference's digest.</param>
    /// <param name="header">74 bytes, verified.</param>
    /// <param name="read">Fills a memory from an offset of the file, synchronously or not.</param>
    public DigestTreeReader(
        MediaLayout layout,
        ReadOnlySpan<byte> root,
        ReadOnlySpan<byte> header,
        Func<long, Memory<byte>, bool, CancellationToken, ValueTask> read)
    {
        _layout = layout;
        _root = root.ToArray();
        _header = header.ToArray();
        _read = read;
        _blocks = [.. Enumerable.Range(0, layout.Levels).Select(level => new byte[layout.BlockAt(level, 0).Length])];
        _held = [.. _blocks.Select(_ => -1L)];
    }

    /// <summary>Reads the blocks over a segment that are not at hand.</summary>
    /// <exception cref="E2EException">A block is another one (<see cref="E2EError.NotAuthentic"/>).</exception>
    public async ValueTask LoadAsync(long position, bool sync, CancellationToken cancellationToken)
    {
        for (int level = _blocks.Length - 1; level >= 0; level--)
        {
            long block = TreeShape.BlockOver(level, position);
            if (_held[level] == block)
            {
                continue;
            }

            (long offset, int length) = _layout.BlockAt(level, block);
            Memory<byte> bytes = _blocks[level].AsMemory(0, length);
            _held[level] = -1;
            await _read(offset, bytes, sync, cancellationToken).ConfigureAwait(false);
            Accept(level, position, bytes.Span);
            _held[level] = block;
        }
    }

    /// <summary>Holds a segment against its digest, after <see cref="LoadAsync"/>.</summary>
    /// <exception cref="E2EException">It is another one (<see cref="E2EError.NotAuthentic"/>).</exception>
    public void Verify(long position, ReadOnlySpan<byte> segment)
    {
        Span<byte> leaf = stackalloc byte[TreeShape.DigestSize];
        _hash.Leaf(segment, leaf);
        Check(0, position, leaf);
    }

    public void Dispose() => _hash.Dispose();

    private void Accept(int level, long position, ReadOnlySpan<byte> block)
    {
        Span<byte> node = stackalloc byte[TreeShape.DigestSize];
        _hash.Node(block, node);
        Check(level + 1, position, node);
    }

    /// <summary>Holds a digest against the one in its place: in a block, or, of the top, in the root.</summary>
    private void Check(int level, long position, ReadOnlySpan<byte> digest)
    {
        bool isAuthentic = level == _blocks.Length
            ? PublicBytes.Equal(_hash.Root(_header, _layout.Segments, _layout.Floe.SealedLength, digest), _root)
            : PublicBytes.Equal(_blocks[level].AsSpan(TreeShape.PlaceInBlock(level, position), TreeShape.DigestSize), digest);
        if (!isAuthentic)
        {
            throw new E2EException(E2EError.NotAuthentic, "The digest is another one.");
        }
    }
}
