using System.Buffers.Binary;
using System.Security.Cryptography;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>Makes an AES-GCM ciphertext and tag that verify under two keys: the tag is linear in each ciphertext block, so that one
/// block can be solved for. The field is NIST SP 800-38D, section 6.3.</summary>
internal static class TwoKeyCiphertext
{
    public static byte[] Make(byte[] firstKey, byte[] secondKey, byte[] nonce, byte[] associatedData, int blocks)
    {
        UInt128 h1 = Encrypt(firstKey, UInt128.Zero);
        UInt128 h2 = Encrypt(secondKey, UInt128.Zero);
        UInt128 counter = Read([.. nonce, 0, 0, 0, 1]);
        UInt128 s1 = Encrypt(firstKey, counter);
        UInt128 s2 = Encrypt(secondKey, counter);
        byte[] ciphertext = new byte[blocks * 16];
        for (int i = 16; i < ciphertext.Length; i++)
        {
            ciphertext[i] = (byte)i;
        }

        // With the first block zero: T1 = G1 ^ S1 and T2 = G2 ^ S2; block C adds C*H^(blocks+1) to each.
        UInt128 difference = Hash(h1, associatedData, ciphertext) ^ s1 ^ Hash(h2, associatedData, ciphertext) ^ s2;
        UInt128 factor = Power(h1, blocks + 1) ^ Power(h2, blocks + 1);
        Write(Multiply(difference, Invert(factor)), ciphertext);
        byte[] tag = new byte[16];
        Write(Hash(h1, associatedData, ciphertext) ^ s1, tag);
        return [.. ciphertext, .. tag];
    }

    private static UInt128 Hash(UInt128 h, byte[] associatedData, byte[] ciphertext)
    {
        UInt128 y = Multiply(Read([.. associatedData, .. new byte[16 - associatedData.Length]]), h);
        for (int i = 0; i < ciphertext.Length; i += 16)
        {
            y = Multiply(y ^ Read(ciphertext.AsSpan(i, 16)), h);
        }

        return Multiply(y ^ new UInt128((ulong)associatedData.Length * 8, (ulong)ciphertext.Length * 8), h);
    }

    private static UInt128 Multiply(UInt128 x, UInt128 y)
    {
        UInt128 z = 0;
        UInt128 v = y;
        for (int i = 127; i >= 0; i--)
        {
            if (((x >> i) & 1) == 1)
            {
                z ^= v;
            }

            v = (v & 1) == 1 ? (v >> 1) ^ new UInt128(0xE100000000000000, 0) : v >> 1;
        }

        return z;
    }

    private static UInt128 Power(UInt128 x, int exponent)
    {
        UInt128 result = x;
        for (int i = 1; i < exponent; i++)
        {
            result = Multiply(result, x);
        }

        return result;
    }

    // x^(2^128 - 2).
    private static UInt128 Invert(UInt128 x)
    {
        UInt128 square = x;
        UInt128 result = UInt128.One << 127;
        for (int i = 1; i < 128; i++)
        {
            square = Multiply(square, square);
            result = Multiply(result, square);
        }

        return result;
    }

    private static UInt128 Encrypt(byte[] key, UInt128 block)
    {
        using var aes = Aes.Create();
        aes.Key = key;
        byte[] bytes = new byte[16];
        Write(block, bytes);
        return Read(aes.EncryptEcb(bytes, PaddingMode.None));
    }

    private static UInt128 Read(ReadOnlySpan<byte> block) => BinaryPrimitives.ReadUInt128BigEndian(block);

    private static void Write(UInt128 value, Span<byte> block) => BinaryPrimitives.WriteUInt128BigEndian(block, value);
}
