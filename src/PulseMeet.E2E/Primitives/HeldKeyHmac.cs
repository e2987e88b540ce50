namespace PulseMeet.E2E.Primitives;

/// <summary>A key that its owner holds, given to a backend for each code: for those whose own objects have no way to zero one.</summary>
internal sealed class HeldKeyHmac : IKeyedHmac
{
    private readonly IHmacBackend _backend;
    private readonly SecretBytes _key;

    /// <param name="backend">Computes.</param>
    /// <param name="key">Copied.</param>
    public HeldKeyHmac(IHmacBackend backend, ReadOnlySpan<byte> key)
    {
        _backend = backend;
        _key = new SecretBytes(key.Length);
        using SecretScope own = _key.Use();
        key.CopyTo(own.Span);
    }

    public void Mac(ReadOnlySpan<byte> data, Span<byte> mac)
    {
        using SecretScope key = _key.Use();
        _backend.Mac(key.Span, data, mac);
    }

    public void Dispose() => _key.Dispose();
}
