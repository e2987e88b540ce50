using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>SHA-256, SHA-384 or SHA-512 (FIPS 180-4) with HMAC (RFC 2104) and HKDF (RFC 5869) over it, by the platform, HMAC by libcrypto where .NET has it:
/// what a cipher suite names as its hash and its KDF.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class HashFunction
{
    /// <summary>The longest digest, in bytes: what a buffer for any of the three needs.</summary>
    public const int MaxSize = 64;

    private readonly HashAlgorithmName _name;

    private HashFunction(HashAlgorithmName name, int size, ushort hpkeKdf)
    {
        _name = name;
        Size = size;
        HpkeKdf = hpkeKdf;
    }

    public static HashFunction Sha256 { get; } = new(HashAlgorithmName.SHA256, 32, 1);

    public static HashFunction Sha384 { get; } = new(HashAlgorithmName.SHA384, 48, 2);

    public static HashFunction Sha512 { get; } = new(HashAlgorithmName.SHA512, 64, 3);

    /// <summary>Length of a digest, of a code and of a pseudorandom key, in bytes.</summary>
    public int Size { get; }

    /// <summary>The number of HKDF over this hash in HPKE's registry (RFC 9180, section 7.2).</summary>
    public ushort HpkeKdf { get; }

    /// <summary>Null where the platform's HMAC serves.</summary>
    internal LibcryptoHmac? Direct => (Backends.UsesLibcrypto && LibcryptoHmac.IsSupported, Size) switch
    {
        (false, _) => null,
        (_, 32) => LibcryptoHmac.Instance,
        (_, 48) => LibcryptoHmac.Sha384,
        _ => LibcryptoHmac.Sha512,
    };

    public byte[] Hash(ReadOnlySpan<byte> data)
    {
        byte[] digest = new byte[Size];
        Hash(data, digest);
        return digest;
    }

    public void Hash(ReadOnlySpan<byte> data, Span<byte> digest) => CryptographicOperations.HashData(_name, data, digest);

    /// <param name="key">Any length.</param>
    /// <param name="data">Any length.</param>
    /// <param name="mac"><see cref="Size"/> bytes, written.</param>
    public void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac)
    {
        Argument.HasLength(mac, Size);
        if (Direct is { } direct)
        {
            direct.Mac(key, data, mac);
            return;
        }

        CryptographicOperations.HmacData(_name, key, data, mac);
    }

    /// <summary>RFC 5869, section 2.2.</summary>
    public void Extract(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> ikm, Span<byte> prk) => Mac(salt, ikm, prk);

    /// <summary>RFC 5869, section 2.3. The one-block case, which is nearly every one, is a single code.</summary>
    public void Expand(ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm)
    {
        if (okm.Length > Size)
        {
            HKDF.Expand(_name, prk, okm, info);
            return;
        }

        Span<byte> input = info.Length < 1024 ? stackalloc byte[info.Length + 1] : new byte[info.Length + 1];
        info.CopyTo(input);
        input[^1] = 1;
        using var block = new StackSecret(stackalloc byte[Size]);
        Mac(prk, input, block.Span);
        block.Span[..okm.Length].CopyTo(okm);
    }
}
