namespace PulseMeet.E2E.Primitives;

/// <summary>One implementation of AES-256-GCM with a 12-byte nonce and a 16-byte tag.</summary>
/// <remarks>Stateless and thread-safe. Lengths are checked by <see cref="AesGcm256"/>. The buffers do not overlap.</remarks>
internal interface IAeadBackend
{
    void Seal(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> plaintext,
        ReadOnlySpan<byte> associatedData,
        Span<byte> sealedBytes);

    /// <returns>False where the tag does not verify; <paramref name="plaintext"/> is then zeroed.</returns>
    bool TryOpen(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> sealedBytes,
        ReadOnlySpan<byte> associatedData,
        Span<byte> plaintext);
}
