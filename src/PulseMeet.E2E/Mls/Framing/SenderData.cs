using System.Buffers.Binary;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>SenderData (RFC 9420, section 6.3.2): who sealed a private message and with which key, itself encrypted under a
/// key that a sample of the ciphertext gives.</summary>
internal readonly record struct SenderData(uint LeafIndex, uint Generation, uint ReuseGuard)
{
    public const int Size = 12;

    public byte[] Seal(MlsSuite suite, MlsSecret senderDataSecret, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> aad)
    {
        Span<byte> plaintext = stackalloc byte[Size];
        BinaryPrimitives.WriteUInt32BigEndian(plaintext, LeafIndex);
        BinaryPrimitives.WriteUInt32BigEndian(plaintext[4..], Generation);
        BinaryPrimitives.WriteUInt32BigEndian(plaintext[8..], ReuseGuard);
        Span<byte> key = stackalloc byte[suite.Aead.KeySize];
        Span<byte> nonce = stackalloc byte[Aead.NonceSize];
        Keys(suite, senderDataSecret, ciphertext, key, nonce);
        byte[] sealedBytes = new byte[Size + Aead.TagSize];
        suite.Aead.Seal(key, nonce, plaintext, aad, sealedBytes);
        return sealedBytes;
    }

    /// <exception cref="E2EException">Not authentic (<see cref="E2EError.NotAuthentic"/>).</exception>
    public static SenderData Open(
        MlsSuite suite,
        MlsSecret senderDataSecret,
        ReadOnlySpan<byte> ciphertext,
        ReadOnlySpan<byte> aad,
        ReadOnlySpan<byte> sealedBytes)
    {
        Span<byte> plaintext = stackalloc byte[Size];
        Span<byte> key = stackalloc byte[suite.Aead.KeySize];
        Span<byte> nonce = stackalloc byte[Aead.NonceSize];
        Keys(suite, senderDataSecret, ciphertext, key, nonce);
        if (sealedBytes.Length != Size + Aead.TagSize || !suite.Aead.TryOpen(key, nonce, sealedBytes, aad, plaintext))
        {
            throw new E2EException(E2EError.NotAuthentic, "The sender data does not open.");
        }

        return new SenderData(
            BinaryPrimitives.ReadUInt32BigEndian(plaintext),
            BinaryPrimitives.ReadUInt32BigEndian(plaintext[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(plaintext[8..]));
    }

    /// <summary>The key and nonce for a sample of the ciphertext: its first KDF.Nh bytes, or all of it.</summary>
    internal static void Keys(
        MlsSuite suite, MlsSecret senderDataSecret, ReadOnlySpan<byte> ciphertext, Span<byte> key, Span<byte> nonce)
    {
        ReadOnlySpan<byte> sample = ciphertext[..Math.Min(ciphertext.Length, suite.SecretSize)];
        using SecretScope secret = senderDataSecret.Use();
        suite.ExpandWithLabel(secret.Span, "key"u8, sample, key);
        suite.ExpandWithLabel(secret.Span, "nonce"u8, sample, nonce);
    }
}
