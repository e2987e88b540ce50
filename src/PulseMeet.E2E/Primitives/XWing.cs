using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>X-Wing: ML-KEM-768 and X25519 under one combiner, so that a message stays secret while either of the two holds
/// (draft-connolly-cfrg-xwing-kem, section 5).</summary>
/// <remarks>A private key is the seed of 32 bytes, expanded with SHAKE256 at each use. Thread-safe.</remarks>
internal sealed class XWing : IKem
{
    private const int ExpandedSize = MlKem768.SeedSize + X25519.KeySize;

    /// <summary>The label \.//^\ of the combiner, section 5.3.</summary>
    private static ReadOnlySpan<byte> Label => [0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c];

    public static XWing Instance { get; } = new();

    public ushort Id => 0x647a;

    public int PublicKeySize => MlKem768.EncapsulationKeySize + X25519.KeySize;

    public int PrivateKeySize => 32;

    public int EncapsulationSize => MlKem768.CiphertextSize + X25519.KeySize;

    public int SharedSecretSize => 32;

    /// <summary>Section 5.8: the seed is SHAKE256 of the input.</summary>
    public void DeriveKeyPair(ReadOnlySpan<byte> ikm, Span<byte> privateKey, Span<byte> publicKey)
    {
        Argument.HasLength(privateKey, PrivateKeySize);
        Sha3.Shake256(ikm, privateKey);
        DerivePublicKey(privateKey, publicKey);
    }

    public void DerivePublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey)
    {
        Argument.HasLength(publicKey, PublicKeySize);
        Span<byte> expanded = stackalloc byte[ExpandedSize];
        Expand(privateKey, expanded);
        MlKem768.DeriveEncapsulationKey(expanded[..MlKem768.SeedSize], publicKey[..MlKem768.EncapsulationKeySize]);
        X25519.DerivePublicKey(expanded[MlKem768.SeedSize..], publicKey[MlKem768.EncapsulationKeySize..]);
        CryptographicOperations.ZeroMemory(expanded);
    }

    public bool IsValidPublicKey(ReadOnlySpan<byte> publicKey) =>
        publicKey.Length == PublicKeySize
        && MlKem768.IsValidEncapsulationKey(publicKey[..MlKem768.EncapsulationKeySize])
        && X25519.IsCanonical(publicKey[MlKem768.EncapsulationKeySize..]);

    public bool TryEncapsulate(ReadOnlySpan<byte> publicKey, Span<byte> encapsulation, Span<byte> sharedSecret)
    {
        Argument.HasLength(publicKey, PublicKeySize);
        Argument.HasLength(encapsulation, EncapsulationSize);
        Span<byte> ephemeral = stackalloc byte[X25519.KeySize];
        X25519.GeneratePrivateKey(ephemeral);
        Span<byte> lattice = stackalloc byte[MlKem768.SharedSecretSize];
        Span<byte> curve = stackalloc byte[X25519.KeySize];
        ReadOnlySpan<byte> curveKey = publicKey[MlKem768.EncapsulationKeySize..];
        X25519.DerivePublicKey(ephemeral, encapsulation[MlKem768.CiphertextSize..]);
        bool encapsulated = MlKem768.TryEncapsulate(
            publicKey[..MlKem768.EncapsulationKeySize], encapsulation[..MlKem768.CiphertextSize], lattice);

        // Section 5.4 has no check of the curve's result: the combiner holds by ML-KEM alone.
        _ = X25519.TryAgree(ephemeral, curveKey, curve);
        Combine(lattice, curve, encapsulation[MlKem768.CiphertextSize..], curveKey, sharedSecret);
        CryptographicOperations.ZeroMemory(ephemeral);
        CryptographicOperations.ZeroMemory(lattice);
        CryptographicOperations.ZeroMemory(curve);
        return encapsulated;
    }

    public bool TryDecapsulate(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> encapsulation, Span<byte> sharedSecret)
    {
        if (encapsulation.Length != EncapsulationSize)
        {
            return false;
        }

        Span<byte> expanded = stackalloc byte[ExpandedSize];
        Expand(privateKey, expanded);
        Span<byte> lattice = stackalloc byte[MlKem768.SharedSecretSize];
        Span<byte> curve = stackalloc byte[X25519.KeySize];
        Span<byte> curveKey = stackalloc byte[X25519.KeySize];
        MlKem768.Decapsulate(expanded[..MlKem768.SeedSize], encapsulation[..MlKem768.CiphertextSize], lattice);
        X25519.DerivePublicKey(expanded[MlKem768.SeedSize..], curveKey);
        _ = X25519.TryAgree(expanded[MlKem768.SeedSize..], encapsulation[MlKem768.CiphertextSize..], curve);
        Combine(lattice, curve, encapsulation[MlKem768.CiphertextSize..], curveKey, sharedSecret);
        CryptographicOperations.ZeroMemory(expanded);
        CryptographicOperations.ZeroMemory(lattice);
        CryptographicOperations.ZeroMemory(curve);
        return true;
    }

    /// <summary>expandDecapsulationKey, section 5.2: the 64 bytes of ML-KEM's seed, then X25519's private key.</summary>
    private static void Expand(ReadOnlySpan<byte> seed, Span<byte> expanded)
    {
        Argument.HasLength(seed, 32);
        Sha3.Shake256(seed, expanded);
    }

    /// <summary>Combiner, section 5.3: SHA3-256(ss_M || ss_X || ct_X || pk_X || label).</summary>
    private static void Combine(
        ReadOnlySpan<byte> lattice,
        ReadOnlySpan<byte> curve,
        ReadOnlySpan<byte> curveCiphertext,
        ReadOnlySpan<byte> curveKey,
        Span<byte> sharedSecret)
    {
        Span<byte> input = stackalloc byte[(4 * 32) + 6];
        lattice.CopyTo(input);
        curve.CopyTo(input[32..]);
        curveCiphertext.CopyTo(input[64..]);
        curveKey.CopyTo(input[96..]);
        Label.CopyTo(input[128..]);
        Sha3.Hash256(input, sharedSecret);
        CryptographicOperations.ZeroMemory(input);
    }
}
