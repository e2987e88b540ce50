using System.Numerics;

namespace PulseMeet.E2E.Sealing;

/// <summary>How much a message is lengthened before it is sealed, so that its length tells little about it.</summary>
/// <remarks>Content, then 0x80, then zeros (ISO/IEC 7816-4), so that opening needs to know no scheme. Immutable and
/// thread-safe.</remarks>
public sealed class PaddingScheme
{
    /// <summary>The largest block, in bytes.</summary>
    public const int MaxBlockSize = 65536;

    private readonly int _block;

    private PaddingScheme(int block) => _block = block;

    /// <summary>Padmé: at most 12 % longer, and a length of L bytes leaks O(log log L) bits (Nikitin and others, "Reducing
    /// Metadata Leakage from Encrypted Files and Communication with PURBs", PoPETs 2019, section 4). The default.</summary>
    public static PaddingScheme Padme { get; } = new(0);

    /// <summary>The length is visible; only the one marker byte is added.</summary>
    public static PaddingScheme None { get; } = new(1);

    /// <summary>Up to the next multiple of a block.</summary>
    /// <param name="size">2 to 65,536 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is outside that range.</exception>
    public static PaddingScheme Block(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, MaxBlockSize);
        return new PaddingScheme(size);
    }

    /// <summary>The length of a padded content, marker included.</summary>
    /// <param name="contentLength">In bytes, not negative.</param>
    public int GetPaddedLength(int contentLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(contentLength);
        int length = checked(contentLength + 1);
        return _block == 0 ? RoundToPadme(length) : checked((length + _block - 1) / _block * _block);
    }

    private static int RoundToPadme(int length)
    {
        if (length < 2)
        {
            return length;
        }

        // The last E - S bits of the length are rounded up to zero, where E = floor(log2 L) and S = floor(log2 E) + 1.
        int e = BitOperations.Log2((uint)length);
        int s = BitOperations.Log2((uint)e) + 1;
        int mask = (1 << (e - s)) - 1;
        return checked(length + mask) & ~mask;
    }
}
