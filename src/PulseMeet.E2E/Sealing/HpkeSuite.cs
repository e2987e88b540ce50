using System.Security.Cryptography;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Sealing;

/// <summary>HPKE (RFC 9180) in base mode, over whichever KEM, KDF and AEAD a suite names.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class HpkeSuite
{
    private readonly byte[] _suite;

    public HpkeSuite(IKem kem, HashFunction kdf, Aead aead)
    {
        Kem = kem;
        Kdf = kdf;
        Aead = aead;
        _suite =
        [
            .. "HPKE"u8,
            (byte)(kem.Id >> 8), (byte)kem.Id, 0, (byte)kdf.HpkeKdf, 0, (byte)aead.HpkeAead,
        ];
    }

    public IKem Kem { get; }

    public HashFunction Kdf { get; }

    public Aead Aead { get; }

    /// <summary>The suite_id of the key schedule (section 5.1).</summary>
    internal ReadOnlySpan<byte> SuiteId => _suite;

    /// <summary>SetupBaseS (section 5.1.1).</summary>
    /// <param name="recipient">The recipient's public key.</param>
    /// <param name="info">Bound into the keys.</param>
    /// <param name="encapsulation">What the recipient needs.</param>
    /// <exception cref="E2EException">The key is malformed or of low order (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public HpkeContext SetupSender(ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> info, out byte[] encapsulation)
    {
        encapsulation = new byte[Kem.EncapsulationSize];
        Span<byte> shared = stackalloc byte[Kem.SharedSecretSize];
        if (recipient.Length != Kem.PublicKeySize || !Kem.TryEncapsulate(recipient, encapsulation, shared))
        {
            throw new E2EException(E2EError.InvalidPublicKey);
        }

        var context = new HpkeContext(this, shared, info);
        CryptographicOperations.ZeroMemory(shared);
        return context;
    }

    /// <summary>SetupBaseR (section 5.1.1).</summary>
    /// <exception cref="E2EException">The encapsulation is malformed or of low order (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public HpkeContext SetupRecipient(ReadOnlySpan<byte> encapsulation, ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> info)
    {
        Argument.HasLength(privateKey, Kem.PrivateKeySize);
        Span<byte> shared = stackalloc byte[Kem.SharedSecretSize];
        if (!Kem.TryDecapsulate(privateKey, encapsulation, shared))
        {
            throw new E2EException(E2EError.InvalidPublicKey);
        }

        var context = new HpkeContext(this, shared, info);
        CryptographicOperations.ZeroMemory(shared);
        return context;
    }
}
