namespace PulseMeet.E2E.Primitives;

/// <summary>One implementation of ML-KEM-768 (FIPS 203). Stateless and thread-safe.</summary>
internal interface IMlKemBackend
{
    /// <summary>ML-KEM.KeyGen_internal, FIPS 203, algorithm 16, from the 64-byte seed d || z.</summary>
    void DeriveEncapsulationKey(ReadOnlySpan<byte> seed, Span<byte> encapsulationKey);

    /// <returns>False where the key fails the check of FIPS 203, section 7.2.</returns>
    bool TryEncapsulate(ReadOnlySpan<byte> encapsulationKey, Span<byte> ciphertext, Span<byte> sharedSecret);

    /// <summary>ML-KEM.Decaps, FIPS 203, algorithm 21; a changed ciphertext gives an unrelated secret.</summary>
    void Decapsulate(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret);

    /// <summary>The private key of a seed (64 bytes, copied) in the form that decapsulation works with: deriving it costs half a decapsulation.</summary>
    IParsedMlKemKey Parse(ReadOnlySpan<byte> seed);
}
