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
        using var cipher = new FloeSegmentCipher(state);
        byte[]? padded = null;
        byte[]? root = null;
        for (long position = 0; position < layout.Segments; position++)
        {
            Span<byte> segment = destination.Slice((int)layout.OffsetOf(position), layout.SealedLengthOf(position));
            int length = segment.Length - FloeParameters.SegmentOverhead;
            int offset = (int)Math.Min(content.Length, position * layout.Parameters.PlaintextLength);
            ReadOnlySpan<byte> rest = content[offset..];
            if (rest.Length >= length)
            {
                cipher.Seal(rest[..length], position, layout.IsFinal(position), segment);
            }
            else
            {
                padded ??= new byte[layout.Parameters.PlaintextLength];
                padded.AsSpan().Clear();
                rest.CopyTo(padded);
                cipher.Seal(padded.AsSpan(0, length), position, layout.IsFinal(position), segment);
            }

            root = digest?.Write(segment, Behind(layout, position, destination), layout.IsFinal(position));
        }

        SecretMemory.Zero(padded);
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
        using var cipher = new FloeSegmentCipher(state);
        byte[]? padded = null;
        try
        {
            for (long position = 0; position < layout.Segments; position++)
            {
                ReadOnlySpan<byte> segment = sealedFile.Slice(
                    (int)layout.OffsetOf(position), layout.SealedLengthOf(position));
                int length = segment.Length - FloeParameters.SegmentOverhead;
                int offset = (int)Math.Min(content.Length, position * layout.Parameters.PlaintextLength);
                Span<byte> rest = content[offset..];
                digest?.Verify(segment, Behind(layout, position, sealedFile), layout.IsFinal(position), root);
                if (rest.Length >= length)
                {
                    cipher.Open(segment, position, layout.IsFinal(position), rest[..length]);
                    continue;
                }

                padded ??= new byte[layout.Parameters.PlaintextLength];
                cipher.Open(segment, position, layout.IsFinal(position), padded.AsSpan(0, length));
                padded.AsSpan(0, rest.Length).CopyTo(rest);
                MediaVerification.CheckPadding(padded.AsSpan(rest.Length, length - rest.Length));
            }
        }
        catch (E2EException)
        {
            // What was opened before the refused segment is authentic, but no part of a refused file is given out.
            SecretMemory.Zero(content);
            throw;
        }
        finally
        {
            SecretMemory.Zero(padded);
        }
    }

    /// <summary>The place of the tree's blocks behind a segment.</summary>
    private static Span<byte> Behind(MediaLayout layout, long position, Span<byte> file) =>
        file.Slice((int)layout.OffsetOf(position) + layout.SealedLengthOf(position), layout.LengthOfBlocksBehind(position));

    private static ReadOnlySpan<byte> Behind(MediaLayout layout, long position, ReadOnlySpan<byte> file) =>
        file.Slice((int)layout.OffsetOf(position) + layout.SealedLengthOf(position), layout.LengthOfBlocksBehind(position));
}
