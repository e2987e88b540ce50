using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>Seals and opens whole files that are in memory, segment by segment, without a copy. Each segment's digest is computed while
/// the segment is at hand.</summary>
internal static class FloeSpan
{
    /// <param name="state">The file's state.</param>
    /// <param name="layout">Of the padded content.</param>
    /// <param name="content">At most the layout's plaintext; the rest is sealed as zeros.</param>
    /// <param name="destination">As long as the layout's sealed file.</param>
    /// <param name="digest">Where the layout has a tree.</param>
    /// <returns>The tree's root.</returns>
    public static byte[]? Seal(
        FloeState state, MediaLayout layout, ReadOnlySpan<byte> content, Span<byte> destination, FileDigest? digest = null)
    {
        state.Header.CopyTo(destination);
        using var segments = new FloeSpanSegments(state, layout);
        byte[]? root = null;
        for (long position = 0; position < layout.Segments; position++)
        {
            segments.Seal(position, content, destination);
            root = digest?.Write(layout.SegmentOf(destination, position), layout.BehindSegment(destination, position), layout.IsFinal(position));
        }

        return root;
    }

    /// <param name="state">The file's state, whose header was checked.</param>
    /// <param name="layout">Of the sealed file.</param>
    /// <param name="sealedFile">As long as the layout says.</param>
    /// <param name="content">At most the layout's plaintext, the rest of which has to be zeros; zeroed on refusal.</param>
    /// <param name="digest">Where the layout has a tree and it is verified.</param>
    /// <param name="root">The tree's root by the reference.</param>
    /// <exception cref="E2EException">A segment or the tree does not verify (<see cref="E2EError.NotAuthentic"/>).</exception>
    public static void Open(
        FloeState state,
        MediaLayout layout,
        ReadOnlySpan<byte> sealedFile,
        Span<byte> content,
        FileDigest? digest = null,
        ReadOnlySpan<byte> root = default)
    {
        using var segments = new FloeSpanSegments(state, layout);
        try
        {
            for (long position = 0; position < layout.Segments; position++)
            {
                digest?.Verify(
                    layout.SegmentOf(sealedFile, position), layout.BehindSegment(sealedFile, position), layout.IsFinal(position), root);
                segments.Open(position, sealedFile, content);
            }
        }
        catch (E2EException)
        {
            // What was opened before the refused segment is authentic, but no part of a refused file is given out.
            SecretMemory.Zero(content);
            throw;
        }
    }
}
