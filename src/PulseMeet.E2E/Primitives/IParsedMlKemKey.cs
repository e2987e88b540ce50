namespace PulseMeet.E2E.Primitives;

/// <summary>An ML-KEM-768 private key that a backend has derived from its seed. Zeroed on dispose; thread-safe.</summary>
internal interface IParsedMlKemKey : IDisposable
{
    /// <param name="encapsulationKey">1,184 bytes.</param>
    void WriteEncapsulationKey(Span<byte> encapsulationKey);

    /// <summary>ML-KEM.Decaps, FIPS 203, algorithm 21; a changed ciphertext gives an unrelated secret.</summary>
    void Decapsulate(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret);
}
