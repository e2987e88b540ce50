using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>Comparison of secrets in a time that depends on their length alone.</summary>
internal static class ConstantTime
{
    public static bool AreEqual(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        CryptographicOperations.FixedTimeEquals(left, right);

    /// <summary>Whether every byte is zero; looks at all of them.</summary>
    public static bool IsZero(ReadOnlySpan<byte> value)
    {
        int bits = 0;
        foreach (byte b in value)
        {
            bits |= b;
        }

        return bits == 0;
    }
}
