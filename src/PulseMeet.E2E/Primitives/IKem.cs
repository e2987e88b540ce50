namespace PulseMeet.E2E.Primitives;

/// <summary>A key encapsulation mechanism as HPKE uses it (RFC 9180, section 4).</summary>
/// <remarks>Stateless and thread-safe. Keys and encapsulations are in their serialised form.</remarks>
internal interface IKem
{
    /// <summary>The number in HPKE's registry (RFC 9180, section 7.1).</summary>
    ushort Id { get; }

    /// <summary>Npk, in bytes.</summary>
    int PublicKeySize { get; }

    /// <summary>Nsk, in bytes.</summary>
    int PrivateKeySize { get; }

    /// <summary>Nenc, in bytes.</summary>
    int EncapsulationSize { get; }

    /// <summary>Nsecret, in bytes.</summary>
    int SharedSecretSize { get; }

    /// <summary>DeriveKeyPair.</summary>
    /// <param name="ikm">At least <see cref="PrivateKeySize"/> bytes of entropy.</param>
    /// <param name="privateKey">Written.</param>
    /// <param name="publicKey">Written.</param>
    void DeriveKeyPair(ReadOnlySpan<byte> ikm, Span<byte> privateKey, Span<byte> publicKey);

    void DerivePublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey);

    /// <summary>Whether the key has the right length and is well-formed: what a receiver checks before it stores it.</summary>
    bool IsValidPublicKey(ReadOnlySpan<byte> publicKey);

    /// <returns>False where the key is malformed or of low order.</returns>
    bool TryEncapsulate(ReadOnlySpan<byte> publicKey, Span<byte> encapsulation, Span<byte> sharedSecret);

    /// <returns>False where the encapsulation is malformed or of low order.</returns>
    bool TryDecapsulate(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> encapsulation, Span<byte> sharedSecret);
}
