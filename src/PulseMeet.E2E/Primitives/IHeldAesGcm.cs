namespace PulseMeet.E2E.Primitives;

/// <summary>AES-256-GCM under one key, which is zeroed on disposal.</summary>
/// <remarks>Lengths are checked by <see cref="AesGcm256Key"/>. The buffers do not overlap. Not thread-safe.</remarks>
internal interface IHeldAesGcm : IDisposable
{
    void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData, Span<byte> sealedBytes);

    /// <returns>False where the tag does not verify; <paramref name="plaintext"/> is then zeroed.</returns>
    bool TryOpen(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> associatedData, Span<byte> plaintext);
}
