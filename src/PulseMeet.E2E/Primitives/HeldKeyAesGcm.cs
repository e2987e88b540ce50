namespace PulseMeet.E2E.Primitives;

/// <summary>A key that its owner holds, given to a backend each time.</summary>
/// <param name="key">32 bytes; copied.</param>
/// <param name="backendFor">The backend for a length in bytes.</param>
internal sealed class HeldKeyAesGcm(ReadOnlySpan<byte> key, Func<int, IAeadBackend> backendFor) : IHeldAesGcm
{
    private readonly SecretBytes _key = SecretBytes.CopyOf(key);

    public void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData, Span<byte> sealedBytes)
    {
        using SecretScope key = _key.Use();
        backendFor(plaintext.Length).Seal(key.Span, nonce, plaintext, associatedData, sealedBytes);
    }

    public bool TryOpen(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> associatedData, Span<byte> plaintext)
    {
        using SecretScope key = _key.Use();
        return backendFor(plaintext.Length).TryOpen(key.Span, nonce, sealedBytes, associatedData, plaintext);
    }

    public void Dispose() => _key.Dispose();
}
