using System.Numerics;

namespace PulseMeet.E2E.Media;

/// <summary>How much a file is lengthened before it is sealed, so that its sealed length tells little about it.</summary>
public enum MediaPadding
{
    /// <summary>The length is visible to the server, to the byte.</summary>
    None = 0,

    /// <summary>Padmé: at most 12 % of zeros inside the plaintext; a length of L bytes leaks O(log log L) bits (Nikitin and
    /// others, PoPETs 2019, section 4). The true length is in the reference.</summary>
    Padme = 1,
}

internal static class MediaPaddingLength
{
    /// <summary>The padded length of a content, in bytes.</summary>
    public static long Pad(this MediaPadding padding, long contentLength)
    {
        if (padding == MediaPadding.None || contentLength < 2)
        {
            return contentLength;
        }

        int e = BitOperations.Log2((ulong)contentLength);
        int s = BitOperations.Log2((uint)e) + 1;
        long mask = e > s ? (1L << (e - s)) - 1 : 0;
        return checked(contentLength + mask) & ~mask;
    }
}
