namespace PulseMeet.E2E.Primitives;

/// <summary>HMAC-SHA-256 (RFC 2104, FIPS 198-1).</summary>
internal static class Hmac
{
    /// <summary>Length of a code, in bytes.</summary>
    public const int Size = 32;

    /// <summary>libcrypto's where .NET has it, at half the price of the platform's; which is as fast as BouncyCastle's with a fresh key and
    /// without its allocations (benchmarks/README.md, "Backends").</summary>
    internal static IHmacBackend Backend => Backends.UsesLibcrypto && LibcryptoHmac.IsSupported
        ? LibcryptoHmac.Instance
        : PlatformHmac.Instance;

    /// <summary>Codes under one key that is used again and again.</summary>
    /// <param name="key">32 bytes; copied. The caller disposes what holds it.</param>
    public static IKeyedHmac Keyed(ReadOnlySpan<byte> key)
    {
        Argument.HasLength(key, Size);
        return Backend.Keyed(key);
    }

    /// <param name="key">Any length.</param>
    /// <param name="data">Any length.</param>
    /// <param name="mac">32 bytes, written; may be the key's own memory.</param>
    public static void Sha256(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac)
    {
        Argument.HasLength(mac, Size);
        Backend.Mac(key, data, mac);
    }
}
