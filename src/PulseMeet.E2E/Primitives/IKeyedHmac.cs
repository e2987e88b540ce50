namespace PulseMeet.E2E.Primitives;

/// <summary>HMAC-SHA-256 under one key, which is zeroed on disposal. Thread-safe.</summary>
internal interface IKeyedHmac : IDisposable
{
    /// <param name="data">Any length.</param>
    /// <param name="mac">32 bytes, written.</param>
    /// <exception cref="ObjectDisposedException">The key is zeroed.</exception>
    void Mac(ReadOnlySpan<byte> data, Span<byte> mac);
}
