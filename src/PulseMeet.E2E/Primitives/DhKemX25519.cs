using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>DHKEM(X25519, HKDF-SHA256) (RFC 9180, section 4.1).</summary>
internal sealed class DhKemX25519 : IKem
{
    private static ReadOnlySpan<byte> Suite => [(byte)'K', (byte)'E', (byte)'M', 0, 0x20];

    public static DhKemX25519 Instance { get; } = new();

    public ushort Id => 0x0020;

    public int PublicKeySize => X25519.KeySize;

    public int PrivateKeySize => X25519.KeySize;

    public int EncapsulationSize => X25519.KeySize;

    public int SharedSecretSize => 32;

    /// <summary>RFC 9180, section 7.1.3.</summary>
    public void DeriveKeyPair(ReadOnlySpan<byte> ikm, Span<byte> privateKey, Span<byte> publicKey)
    {
        Argument.HasLength(privateKey, X25519.KeySize);
        Span<byte> prk = stackalloc byte[32];
        HpkeLabels.Extract(HashFunction.Sha256, Suite, default, "dkp_prk"u8, ikm, prk);
        HpkeLabels.Expand(HashFunction.Sha256, Suite, prk, "sk"u8, default, privateKey);
        CryptographicOperations.ZeroMemory(prk);
        X25519.DerivePublicKey(privateKey, publicKey);
    }

    public void DerivePublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey) =>
        X25519.DerivePublicKey(privateKey, publicKey);

    public bool IsValidPublicKey(ReadOnlySpan<byte> publicKey) =>
        publicKey.Length == X25519.KeySize && X25519.IsAcceptable(publicKey);

    public bool TryEncapsulate(ReadOnlySpan<byte> publicKey, Span<byte> encapsulation, Span<byte> sharedSecret)
    {
        Argument.HasLength(publicKey, X25519.KeySize);
        Span<byte> ephemeral = stackalloc byte[X25519.KeySize];
        X25519.GeneratePrivateKey(ephemeral);
        X25519.DerivePublicKey(ephemeral, encapsulation);
        bool agreed = TryDerive(ephemeral, publicKey, encapsulation, publicKey, sharedSecret);
        CryptographicOperations.ZeroMemory(ephemeral);
        return agreed;
    }

    public bool TryDecapsulate(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> encapsulation, Span<byte> sharedSecret)
    {
        if (encapsulation.Length != X25519.KeySize)
        {
            return false;
        }

        Span<byte> own = stackalloc byte[X25519.KeySize];
        X25519.DerivePublicKey(privateKey, own);
        return TryDerive(privateKey, encapsulation, encapsulation, own, sharedSecret);
    }

    /// <summary>The agreement and ExtractAndExpand.</summary>
    private static bool TryDerive(
        ReadOnlySpan<byte> privateKey,
        ReadOnlySpan<byte> peer,
        ReadOnlySpan<byte> encapsulation,
        ReadOnlySpan<byte> recipient,
        Span<byte> sharedSecret)
    {
        Argument.HasLength(sharedSecret, 32);
        Span<byte> dh = stackalloc byte[X25519.KeySize];
        if (!X25519.TryAgree(privateKey, peer, dh))
        {
            sharedSecret.Clear();
            return false;
        }

        Span<byte> prk = stackalloc byte[32];
        HpkeLabels.Extract(HashFunction.Sha256, Suite, default, "eae_prk"u8, dh, prk);
        HpkeLabels.Expand(HashFunction.Sha256, Suite, prk, "shared_secret"u8, [.. encapsulation, .. recipient], sharedSecret);
        CryptographicOperations.ZeroMemory(dh);
        CryptographicOperations.ZeroMemory(prk);
        return true;
    }
}
