using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Review.Vectors;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>What one who holds the key of a file can make of it: other segments that verify, and digests that fit them.</summary>
internal static class HolderOfTheKey
{
    /// <summary>The file with another content in one of its segments.</summary>
    public static byte[] Seals(Sample sample, long position)
    {
        byte[] file = [.. sample.Sealed];
        MediaLayout layout = sample.Reference.Layout;
        using SecretScope key = sample.Reference.Key.Use();
        using FloeState state = FloeState.Start(
            key.Span,
            layout.Parameters,
            file.AsSpan(10, FloeParameters.IvSize),
            MediaAssociatedData.Encode(sample.Reference.MediaId, sample.Reference.Kind));
        using var cipher = new FloeSegmentCipher(state);
        int length = layout.SealedLengthOf(position);
        byte[] content = new byte[length - FloeParameters.SegmentOverhead];
        content.AsSpan().Fill(0x5A);
        cipher.Seal(content, position, layout.IsFinal(position), file.AsSpan((int)layout.OffsetOf(position), length));
        return file;
    }

    /// <summary>The file with the digests of the segments that it has now.</summary>
    public static byte[] Fits(Sample sample, byte[] file)
    {
        byte[] fitted = [.. file];
        MediaLayout layout = sample.Reference.Layout;
        List<byte[][]> levels = FixedTree.Levels(Enumerable.Range(0, (int)layout.Segments)
            .Select(i => FixedTree.Leaf(file.AsSpan((int)layout.OffsetOf(i), layout.SealedLengthOf(i)).ToArray())));
        for (int position = 0; position < layout.Segments; position++)
        {
            FixedTree.Behind(levels, position).CopyTo(fitted.AsSpan((int)layout.OffsetOf(position) + layout.SealedLengthOf(position)));
        }

        return fitted;
    }
}
