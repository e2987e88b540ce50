using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>Values that a receiver has to ignore, sent so that receivers stay able to (RFC 9420, section 13.5).</summary>
internal static class Grease
{
    /// <summary>One of the fifteen values, at random.</summary>
    public static ushort Value()
    {
        Span<byte> random = stackalloc byte[1];
        Randomness.Fill(random);
        return MlsNumbers.Grease(random[0] % 15);
    }

    /// <summary>An extension with up to 15 random bytes.</summary>
    public static Extension Extension() => Extension(Value());

    public static Extension Extension(ushort type)
    {
        Span<byte> length = stackalloc byte[1];
        Randomness.Fill(length);
        byte[] data = new byte[length[0] % 16];
        Randomness.Fill(data);
        return new Extension(type, data);
    }
}
