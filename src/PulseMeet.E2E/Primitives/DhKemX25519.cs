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
        using var prk = new StackSecret(stackalloc byte[32]);
        HpkeLabels.Extract(HashFunction.Sha256, Suite, default, "dkp_prk"u8, ikm, prk.Span);
        HpkeLabels.Expand(HashFunction.Sha256, Suite, prk.Span, "sk"u8, default, privateKey);
        X25519.DerivePublicKey(privateKey, publicKey);
    }

    public void DerivePublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey) =>
        X25519.DerivePublicKey(privateKey, publicKey);

    public bool IsValidPublicKey(ReadOnlySpan<byte> publicKey) =>
        publicKey.Length == X25519.KeySize && X25519.IsAcceptable(publicKey);

    public bool TryEncapsulate(ReadOnlySpan<byte> publicKey, Span<byte> encapsulation, Span<byte> sharedSecret)
    {
        Argument.HasLength(publicKey, X25519.KeySize);
        using var ephemeral = new StackSecret(stackalloc byte[X25519.KeySize]);
        X25519.GeneratePrivateKey(ephemeral.Span);
        X25519.DerivePublicKey(ephemeral.Span, encapsulation);
        bool agreed = TryDerive(ephemeral.Span, publicKey, encapsulation, publicKey, sharedSecret);
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
        return TryDecapsulate(privateKey, own, encapsulation, sharedSecret);
    }

    /// <summary>The same for whoever has the own public key at hand.</summary>
    /// <returns>False where the encapsulation is of low order.</returns>
    public static bool TryDecapsulate(
        ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> encapsulation, Span<byte> sharedSecret) =>
        TryDerive(privateKey, encapsulation, encapsulation, publicKey, sharedSecret);

    /// <summary>The agreement and ExtractAndExpand.</summary>
    private static bool TryDerive(
        ReadOnlySpan<byte> privateKey,
        ReadOnlySpan<byte> peer,
        ReadOnlySpan<byte> encapsulation,
        ReadOnlySpan<byte> recipient,
        Span<byte> sharedSecret)
    {
        Argument.HasLength(sharedSecret, 32);
        using var dh = new StackSecret(stackalloc byte[X25519.KeySize]);
        if (!X25519.TryAgree(privateKey, peer, dh.Span))
        {
            sharedSecret.Clear();
            return false;
        }

        using var prk = new StackSecret(stackalloc byte[32]);
        HpkeLabels.Extract(HashFunction.Sha256, Suite, default, "eae_prk"u8, dh.Span, prk.Span);
        HpkeLabels.Expand(HashFunction.Sha256, Suite, prk.Span, "shared_secret"u8, [.. encapsulation, .. recipient], sharedSecret);
        return true;
    }
}
