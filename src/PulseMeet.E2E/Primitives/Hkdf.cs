using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>HKDF-SHA-256 (RFC 5869); the SHA-384 expansion is there for FLOE alone.</summary>
internal static class Hkdf
{
    /// <summary>Length of a pseudorandom key, in bytes.</summary>
    public const int PrkSize = 32;

    /// <summary>The most that one expansion gives: 255 blocks (RFC 5869, section 2.3), in bytes.</summary>
    public const int MaxOutput = 255 * 32;

    /// <summary>RFC 5869, section 2.2.</summary>
    public static void Extract(ReadOnlySpan<byte> ikm, ReadOnlySpan<byte> salt, Span<byte> prk)
    {
        Argument.HasLength(prk, PrkSize);
        Hmac.Backend.Extract(ikm, salt, prk);
    }

    /// <summary>RFC 5869, section 2.3.</summary>
    public static void Expand(ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm)
    {
        Argument.HasAtLeast(prk, PrkSize);
        if (okm.Length > MaxOutput)
        {
            throw new ArgumentException("HKDF-SHA-256 gives at most 8,160 bytes.", nameof(okm));
        }

        Hmac.Backend.Expand(prk, info, okm);
    }

    /// <summary>Extract, then expand; the pseudorandom key is zeroed.</summary>
    public static void DeriveKey(
        ReadOnlySpan<byte> ikm, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> info, Span<byte> okm)
    {
        using var prk = new StackSecret(stackalloc byte[PrkSize]);
        Extract(ikm, salt, prk.Span);
        Expand(prk.Span, info, okm);
    }

    /// <summary>RFC 5869, section 2.3, over SHA-384, for up to one block.</summary>
    /// <param name="prk">Any length: FLOE expands its 32-byte key as it is, which the platform's HKDF refuses as shorter than
    /// a hash.</param>
    /// <param name="info">What the key is for.</param>
    /// <param name="okm">At most 48 bytes, all that FLOE asks for.</param>
    public static void ExpandSha384(ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm)
    {
        if (okm.Length > HMACSHA384.HashSizeInBytes)
        {
            throw new ArgumentException("At most 48 bytes.", nameof(okm));
        }

        HashFunction.Sha384.Expand(prk, info, okm);
    }
}
