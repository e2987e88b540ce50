namespace PulseMeet.E2E.Primitives;

/// <summary>One implementation of HMAC-SHA-256 (RFC 2104) and HKDF-SHA-256 (RFC 5869).</summary>
/// <remarks>Stateless and thread-safe. Lengths are checked by <see cref="Hmac"/> and <see cref="Hkdf"/>.</remarks>
internal interface IHmacBackend
{
    void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac);

    /// <param name="key">32 bytes; copied.</param>
    IKeyedHmac Keyed(ReadOnlySpan<byte> key);

    void Extract(ReadOnlySpan<byte> ikm, ReadOnlySpan<byte> salt, Span<byte> prk);

    void Expand(ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm);
}
