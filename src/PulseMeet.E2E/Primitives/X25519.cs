using BouncyCastleX25519 = Org.BouncyCastle.Math.EC.Rfc7748.X25519;

namespace PulseMeet.E2E.Primitives;

/// <summary>X25519 (RFC 7748, section 5): agreements by libcrypto where .NET has it, else by BouncyCastle.</summary>
internal static class X25519
{
    /// <summary>Length of a private key, a public key and a shared secret, in bytes.</summary>
    public const int KeySize = 32;

    internal static IX25519Backend Backend => Backends.UsesLibcrypto && LibcryptoX25519.IsSupported
        ? LibcryptoX25519.Instance
        : ManagedX25519.Instance;

    public static void GeneratePrivateKey(Span<byte> privateKey)
    {
        Argument.HasLength(privateKey, KeySize);
        Randomness.Fill(privateKey);
    }

    public static void DerivePublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey)
    {
        Argument.HasLength(privateKey, KeySize);
        Argument.HasLength(publicKey, KeySize);

        // BouncyCastle's everywhere: it has a table of the base point's multiples, and is twice as fast as libcrypto here.
        BouncyCastleX25519.ScalarMultBase(privateKey, publicKey);
    }

    /// <returns>False, and a zeroed secret, where the result is all zeros: the peer's key has low order
    /// (RFC 7748, section 6.1).</returns>
    public static bool TryAgree(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> sharedSecret)
    {
        Argument.HasLength(privateKey, KeySize);
        Argument.HasLength(publicKey, KeySize);
        Argument.HasLength(sharedSecret, KeySize);
        return Backend.TryAgree(privateKey, publicKey, sharedSecret);
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

    /// <summary>Whether the key is canonical and not of low order.</summary>
    public static bool IsAcceptable(ReadOnlySpan<byte> publicKey) => IsCanonical(publicKey) && !IsLowOrder(publicKey);

    /// <summary>Whether the key is one of the canonical encodings of a point of order 1, 2, 4 or 8, on the curve or on its
    /// twist: 0, 1, p - 1 and the two of order 8 (RFC 7748, section 7; curve25519's list of points to reject).</summary>
    private static bool IsLowOrder(ReadOnlySpan<byte> publicKey)
    {
        foreach (byte[] point in s_lowOrder)
        {
            if (PublicBytes.Equal(publicKey, point))
            {
                return true;
            }
        }

        return false;
    }

    private static readonly byte[][] s_lowOrder =
    [
        Convert.FromHexString("0000000000000000000000000000000000000000000000000000000000000000"),
        Convert.FromHexString("0100000000000000000000000000000000000000000000000000000000000000"),
        Convert.FromHexString("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        Convert.FromHexString("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        Convert.FromHexString("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    ];
}
