using System.Runtime.ExceptionServices;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>Seals and opens a file in memory with several threads, without a copy.</summary>
internal static class MemorySealing
{
    /// <returns>The tree's root, where the layout has a tree.</returns>
    public static byte[]? Seal(
        FloeState state, MediaLayout layout, ReadOnlyMemory<byte> content, Memory<byte> destination, int workers)
    {
        state.Header.CopyTo(destination.Span);
        byte[]? leaves = layout.HasTree ? new byte[layout.Segments * TreeShape.DigestSize] : null;
        MemoryWorkers.Run(workers, layout, () => new Sealer(state, layout, content, destination, leaves))?.Reason.Throw();
        if (leaves is null)
        {
            return null;
        }

        using var digest = new FileDigest(state.Header);
        byte[]? root = null;
        for (long position = 0; position < layout.Segments; position++)
        {
            digest.Add(LeafAt(leaves, position), layout.SealedLengthOf(position), layout.IsFinal(position), out root)
                .Span.CopyTo(layout.BehindSegment(destination.Span, position));
        }

        return root;
    }

    /// <param name="state">The file's state, whose header was checked.</param>
    /// <param name="layout">Of the sealed file.</param>
    /// <param name="sealedFile">As long as the layout says.</param>
    /// <param name="content">At most the layout's plaintext; zeroed on refusal.</param>
    /// <param name="workers">How many threads.</param>
    /// <param name="root">The tree's root by the reference; null where it is not verified.</param>
    /// <exception cref="E2EException">As <see cref="FloeSpan.Open"/>, and of several reasons the same one.</exception>
    public static void Open(
        FloeState state,
        MediaLayout layout,
        ReadOnlyMemory<byte> sealedFile,
        Memory<byte> content,
        int workers,
        ReadOnlyMemory<byte>? root)
    {
        try
        {
            byte[]? leaves = root is null ? null : new byte[layout.Segments * TreeShape.DigestSize];
            (long Position, ExceptionDispatchInfo Reason)? failed =
                MemoryWorkers.Run(workers, layout, () => new Opener(state, layout, sealedFile, content, leaves));
            if (leaves is not null)
            {
                Verify(state, layout, sealedFile.Span, leaves, root!.Value.Span, failed?.Position ?? layout.Segments - 1);
            }

            failed?.Reason.Throw();
        }
        catch
        {
            SecretMemory.Zero(content.Span);
            throw;
        }
    }

    /// <summary>The digests up to the last segment, or up to the first that was refused: before that one's own reason theirs counts.</summary>
    private static void Verify(
        FloeState state, MediaLayout layout, ReadOnlySpan<byte> sealedFile, byte[] leaves, ReadOnlySpan<byte> root, long last)
    {
        using var digest = new FileDigest(state.Header);
        for (long position = 0; position <= last; position++)
        {
            digest.VerifyLeaf(
                LeafAt(leaves, position),
                layout.SealedLengthOf(position),
                layout.BehindSegment(sealedFile, position),
                layout.IsFinal(position),
                root);
        }
    }

    private static Span<byte> LeafAt(byte[] leaves, long position) =>
        leaves.AsSpan((int)position * TreeShape.DigestSize, TreeShape.DigestSize);

    private sealed class Sealer(
        FloeState state, MediaLayout layout, ReadOnlyMemory<byte> content, Memory<byte> destination, byte[]? leaves) : IMemoryWorker
    {
        private readonly FloeSpanSegments _segments = new(state, layout);
        private readonly TreeHash _hash = new();

        public void Work(long position)
        {
            _segments.Seal(position, content.Span, destination.Span);
            if (leaves is not null)
            {
                _hash.Leaf(layout.SegmentOf(destination.Span, position), LeafAt(leaves, position));
            }
        }

        public void Dispose()
        {
            _segments.Dispose();
            _hash.Dispose();
        }
    }

    private sealed class Opener(
        FloeState state, MediaLayout layout, ReadOnlyMemory<byte> sealedFile, Memory<byte> content, byte[]? leaves) : IMemoryWorker
    {
        private readonly FloeSpanSegments _segments = new(state, layout);
        private readonly TreeHash _hash = new();

        public void Work(long position)
        {
            if (leaves is not null)
            {
                _hash.Leaf(layout.SegmentOf(sealedFile.Span, position), LeafAt(leaves, position));
            }

            _segments.Open(position, sealedFile.Span, content.Span);
        }

        public void Dispose()
        {
            _segments.Dispose();
            _hash.Dispose();
        }
    }
}
