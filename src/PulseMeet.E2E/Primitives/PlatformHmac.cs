using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>HMAC (RFC 2104, section 2) and HKDF (RFC 5869, section 2) over the platform's one-shot SHA-256.</summary>
/// <remarks>For the short inputs of key derivation the platform's own HMAC spends a quarter to a half more time on setting
/// itself up (benchmarks/README.md, "Backends"); long input goes to it, since it needs no copy. Allocates nothing; what is
/// derived from the key lies on the stack and is zeroed.</remarks>
internal sealed class PlatformHmac : IHmacBackend
{
    private const int BlockSize = 64;
    private const int HashSize = Sha256.Size;

    /// <summary>The longest data that is copied behind the key's block, in bytes.</summary>
    private const int MaxData = 512;

    public static PlatformHmac Instance { get; } = new();

    public void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac)
    {
        if (data.Length > MaxData || key.Length > BlockSize)
        {
            HMACSHA256.HashData(key, data, mac);
            return;
        }

        Span<byte> buffer = stackalloc byte[BlockSize + MaxData];
        Span<byte> inner = buffer[..(BlockSize + data.Length)];
        WritePad(key, 0x36, inner);
        data.CopyTo(inner[BlockSize..]);
        Span<byte> outer = stackalloc byte[BlockSize + HashSize];
        WritePad(key, 0x5c, outer);
        SHA256.HashData(inner, outer[BlockSize..]);
        SHA256.HashData(outer, mac);
        CryptographicOperations.ZeroMemory(inner);
        CryptographicOperations.ZeroMemory(outer);
    }

    public void Extract(ReadOnlySpan<byte> ikm, ReadOnlySpan<byte> salt, Span<byte> prk) => Mac(salt, ikm, prk);

    public void Expand(ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm)
    {
        if (okm.IsEmpty)
        {
            return;
        }

        if (HashSize + info.Length + 1 > MaxData || okm.Length > 255 * HashSize)
        {
            HKDF.Expand(HashAlgorithmName.SHA256, prk, okm, info);
            return;
        }

        // T(i) = HMAC(PRK, T(i - 1) || info || i), RFC 5869, section 2.3; T(0) is empty.
        Span<byte> buffer = stackalloc byte[MaxData];
        Span<byte> block = stackalloc byte[HashSize];
        Span<byte> input = buffer[..(HashSize + info.Length + 1)];
        info.CopyTo(input[HashSize..]);
        for (int done = 0, counter = 1; done < okm.Length; done += HashSize, counter++)
        {
            input[^1] = (byte)counter;
            Mac(prk, counter == 1 ? input[HashSize..] : input, block);
            block.CopyTo(input);
            Span<byte> left = okm[done..];
            block[..Math.Min(HashSize, left.Length)].CopyTo(left);
        }

        CryptographicOperations.ZeroMemory(input);
        CryptographicOperations.ZeroMemory(block);
    }

    private static void WritePad(ReadOnlySpan<byte> key, byte pad, Span<byte> destination)
    {
        destination[..BlockSize].Fill(pad);
        for (int i = 0; i < key.Length; i++)
        {
            destination[i] ^= key[i];
        }
    }
}
