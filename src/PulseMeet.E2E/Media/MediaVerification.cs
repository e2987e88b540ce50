using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>The checks that every way of opening shares.</summary>
internal static class MediaVerification
{
    /// <summary>Checks the header against the reference, and the reference's key against the header.</summary>
    /// <exception cref="E2EException">Another header, key, id or kind than the reference commits to
    /// (<see cref="E2EError.WrongCommitment"/>), or other parameters (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static FloeState Start(MediaReference reference, ReadOnlySpan<byte> header)
    {
        if (!PublicBytes.Equal(header[^FloeParameters.HeaderTagSize..], reference.Commitment.Span))
        {
            throw new E2EException(E2EError.WrongCommitment);
        }

        using SecretScope key = reference.Key.Use();
        return FloeState.Resume(
            key.Span,
            new FloeParameters(reference.SegmentLength),
            MediaAssociatedData.Encode(reference.MediaId, reference.Kind),
            header);
    }

    /// <summary>Checks a length that is known before anything is read.</summary>
    /// <exception cref="E2EException">Shorter (<see cref="E2EError.Truncated"/>) or longer
    /// (<see cref="E2EError.InvalidEncoding"/>) than the reference says.</exception>
    public static void CheckSealedLength(MediaReference reference, long sealedLength)
    {
        if (sealedLength < reference.SealedLength)
        {
            throw new E2EException(E2EError.Truncated);
        }

        if (sealedLength > reference.SealedLength)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Bytes follow the sealed file.");
        }
    }

    /// <summary>The padding is zeros, so that nothing travels in it unseen.</summary>
    public static void CheckPadding(ReadOnlySpan<byte> padding)
    {
        if (padding.IndexOfAnyExcept((byte)0) >= 0)
        {
            throw new E2EException(E2EError.InvalidEncoding, "The padding is not zero.");
        }
    }
}
