using System.Numerics;
using System.Security.Cryptography;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>Points of edwards25519 in plain arithmetic (RFC 8032, section 5.1.4): what an attacker makes signatures with that no
/// library would.</summary>
internal readonly record struct EdwardsPoint(BigInteger X, BigInteger Y)
{
    public static readonly BigInteger Prime = BigInteger.Pow(2, 255) - 19;
    public static readonly BigInteger Order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493");
    private static readonly BigInteger s_d = Mod(-121665 * Inverse(121666));
    private static readonly BigInteger s_rootOfMinusOne = BigInteger.ModPow(2, (Prime - 1) / 4, Prime);

    public static EdwardsPoint Neutral { get; } = new(0, 1);

    public static EdwardsPoint Base { get; } = FromY(Mod(4 * Inverse(5)), isXOdd: false)!.Value;

    /// <summary>The eight points of order 1, 2, 4 and 8, the neutral one first.</summary>
    public static EdwardsPoint[] SmallOrder { get; } = FindSmallOrder();

    public static EdwardsPoint operator +(EdwardsPoint a, EdwardsPoint b)
    {
        BigInteger product = s_d * a.X * b.X * a.Y * b.Y;
        return new(
            Mod(((a.X * b.Y) + (a.Y * b.X)) * Inverse(1 + product)),
            Mod(((a.Y * b.Y) + (a.X * b.X)) * Inverse(1 - product)));
    }

    public static EdwardsPoint operator *(BigInteger scalar, EdwardsPoint point)
    {
        EdwardsPoint sum = Neutral;
        for (; scalar > 0; scalar >>= 1, point += point)
        {
            sum = scalar.IsEven ? sum : sum + point;
        }

        return sum;
    }

    /// <summary>A signature (RFC 8032, section 5.1.6) with a point of small order added to R, and a number of one's own choice behind
    /// R.</summary>
    public static byte[] Sign(byte[] seed, byte[] publicKey, byte[] message, EdwardsPoint addedToR, BigInteger r) =>
        SignUnder(((r * Base) + addedToR).Encode(), seed, publicKey, message, r);

    /// <summary>A signature with any bytes in R's place.</summary>
    public static byte[] SignUnder(byte[] encodedR, byte[] seed, byte[] publicKey, byte[] message, BigInteger r)
    {
        BigInteger k = Little(SHA512.HashData([.. encodedR, .. publicKey, .. message])) % Order;
        return [.. encodedR, .. Bytes((r + (k * PrivateScalar(seed))) % Order)];
    }

    /// <summary>RFC 8032, section 5.1.5.</summary>
    public static BigInteger PrivateScalar(byte[] seed)
    {
        byte[] hash = SHA512.HashData(seed);
        hash[0] &= 248;
        hash[31] = (byte)((hash[31] & 127) | 64);
        return Little(hash[..32]);
    }

    public static byte[] Bytes(BigInteger value)
    {
        byte[] bytes = new byte[32];
        value.TryWriteBytes(bytes, out _, isUnsigned: true);
        return bytes;
    }

    public static BigInteger Little(byte[] bytes) => new(bytes, isUnsigned: true);

    public byte[] Encode()
    {
        byte[] bytes = Bytes(Y);
        bytes[31] |= X.IsEven ? (byte)0 : (byte)0x80;
        return bytes;
    }

    private static EdwardsPoint? FromY(BigInteger y, bool isXOdd)
    {
        BigInteger square = Mod(((y * y) - 1) * Inverse(Mod((s_d * y * y) + 1)));
        BigInteger x = BigInteger.ModPow(square, (Prime + 3) / 8, Prime);
        x = Mod(x * x) == square ? x : Mod(x * s_rootOfMinusOne);
        return Mod(x * x) != square ? null : new(x.IsEven == isXOdd ? Mod(-x) : x, y);
    }

    private static EdwardsPoint[] FindSmallOrder()
    {
        for (BigInteger y = 2; ; y++)
        {
            if (FromY(y, isXOdd: false) is { } point && (Order * point) is var torsion && (4 * torsion) != Neutral)
            {
                return [.. Enumerable.Range(0, 8).Select(i => i * torsion)];
            }
        }
    }

    private static BigInteger Mod(BigInteger value) => ((value % Prime) + Prime) % Prime;

    private static BigInteger Inverse(BigInteger value) => BigInteger.ModPow(Mod(value), Prime - 2, Prime);
}
