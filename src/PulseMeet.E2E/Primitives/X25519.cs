using BouncyCastleX25519 = Org.BouncyCastle.Math.EC.Rfc7748.X25519;

namespace PulseMeet.E2E.Primitives;

/// <summary>X25519 (RFC 7748, section 5), by BouncyCastle.</summary>
internal static class X25519
{
    /// <summary>Length of a private key, a public key and a shared secret, in bytes.</summary>
    public const int KeySize = 32;

    public static void GeneratePrivateKey(Span<byte> privateKey)
    {
        Argument.HasLength(privateKey, KeySize);
        Randomness.Fill(privateKey);
    }

    public static void DerivePublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey)
    {
        Argument.HasLength(privateKey, KeySize);
        Argument.HasLength(publicKey, KeySize);
        BouncyCastleX25519.ScalarMultBase(privateKey, publicKey);
    }

    /// <returns>False, and a zeroed secret, where the result is all zeros: the peer's key has low order
    /// (RFC 7748, section 6.1).</returns>
    public static bool TryAgree(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> sharedSecret)
    {
        Argument.HasLength(privateKey, KeySize);
        Argument.HasLength(publicKey, KeySize);
        Argument.HasLength(sharedSecret, KeySize);
        return BouncyCastleX25519.CalculateAgreement(privateKey, publicKey, sharedSecret);
    }

    /// <summary>Whether the encoding is the only one of its point: the high bit clear and the value below 2^255 - 19.</summary>
    public static bool IsCanonical(ReadOnlySpan<byte> publicKey)
    {
        Argument.HasLength(publicKey, KeySize);
        if (publicKey[31] != 0x7f)
        {
            return publicKey[31] < 0x7f;
        }

        for (int i = 30; i > 0; i--)
        {
            if (publicKey[i] != 0xff)
            {
                return true;
            }
        }

        return publicKey[0] < 0xed;
    }
}
