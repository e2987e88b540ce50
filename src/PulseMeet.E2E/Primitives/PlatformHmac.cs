using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>HMAC and HKDF by System.Security.Cryptography.</summary>
internal sealed class PlatformHmac : IHmacBackend
{
    public static PlatformHmac Instance { get; } = new();

    public void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac) =>
        HMACSHA256.HashData(key, data, mac);

    public IKeyedHmac Keyed(ReadOnlySpan<byte> key) => new HeldKeyHmac(this, key);

    public void Extract(ReadOnlySpan<byte> ikm, ReadOnlySpan<byte> salt, Span<byte> prk) =>
        HKDF.Extract(HashAlgorithmName.SHA256, ikm, salt, prk);

    public void Expand(ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm)
    {
        // The platform refuses what RFC 5869 allows: an output of no length.
        if (!okm.IsEmpty)
        {
            HKDF.Expand(HashAlgorithmName.SHA256, prk, okm, info);
        }
    }
}
