using System.Numerics;

namespace PulseMeet.E2E.Sealing;

/// <summary>How much a message is lengthened before it is sealed, so that its length tells little about it.</summary>
/// <remarks>Content, then 0x80, then zeros (ISO/IEC 7816-4), so that opening needs to know no scheme. Immutable and
/// thread-safe.</remarks>
public sealed class PaddingScheme
{
    /// <summary>The largest block, in bytes.</summary>
    public const int MaxBlockSize = 65536;

    /// <summary>The steps of the default, in bytes, as far as Padmé's own are finer.</summary>
    private const int DefaultStep = 64;

    private readonly int _step;
    private readonly bool _padme;

    private PaddingScheme(int step, bool padme)
    {
        _step = step;
        _padme = padme;
    }

    /// <summary>Padmé, in steps of at least 64 bytes: "no", "yes" and "maybe" have one length, as has all that is shorter than 64
    /// bytes. At most 63 bytes or 12 % longer, whichever is more. The default.</summary>
    public static PaddingScheme Default { get; } = new(DefaultStep, padme: true);

    /// <summary>Padmé alone: at most 12 % longer, and a length of L bytes leaks O(log log L) bits (Nikitin and others, "Reducing
    /// Metadata Leakage from Encrypted Files and Communication with PURBs", PoPETs 2019, section 4). Contents below 8 bytes keep their exact
    /// length, and short ones nearly: for contents that are always long.</summary>
    public static PaddingScheme Padme { get; } = new(1, padme: true);

    /// <summary>The length is visible; only the one marker byte is added.</summary>
    public static PaddingScheme None { get; } = new(1, padme: false);

    /// <summary>Up to the next multiple of a block.</summary>
    /// <param name="size">2 to 65,536 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is outside that range.</exception>
    public static PaddingScheme Block(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, MaxBlockSize);
        return new PaddingScheme(size, padme: false);
    }

    /// <summary>The length of a padded content, marker included.</summary>
    /// <param name="contentLength">In bytes, not negative.</param>
    public int GetPaddedLength(int contentLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(contentLength);
        int length = checked(contentLength + 1);

        // Both steps divide the larger one, so that rounding to one and then to the other is rounding to the larger.
        int least = checked((length + _step - 1) / _step * _step);
        return _padme ? RoundToPadme(least) : least;
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
