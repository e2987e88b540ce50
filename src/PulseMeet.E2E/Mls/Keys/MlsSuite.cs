using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Mls;

/// <summary>A cipher suite as data: KEM, KDF, AEAD, hash and signature scheme (RFC 9420, sections 5.1 and 17.1).</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed partial class MlsSuite
{
    private MlsSuite(ushort id, IKem kem, HashFunction hash, Aead aead, ISignatureScheme signature)
    {
        Id = id;
        Signature = signature;
        Hash = hash;
        Aead = aead;
        Hpke = new HpkeSuite(kem, hash, aead);
    }

    /// <summary>MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519: what every implementation has.</summary>
    public static MlsSuite X25519Aes128 { get; } =
        new(0x0001, DhKemX25519.Instance, HashFunction.Sha256, Aead.Aes128Gcm, Ed25519Scheme.Instance);

    /// <summary>X-Wing, AES-256-GCM, SHA-384, Ed25519, after draft-ietf-mls-pq-ciphersuites: the default of pulse chats.
    /// The draft is no RFC yet, so the number is one of private use (section 17.1), and stands here alone.</summary>
    public static MlsSuite XWingAes256 { get; } =
        new(0xf064, XWing.Instance, HashFunction.Sha384, Aead.Aes256Gcm, Ed25519Scheme.Instance);

    /// <summary>X-Wing, AES-256-GCM, SHA-512, Ed25519, under the number that ts-mls gives it.</summary>
    public static MlsSuite XWingAes256Sha512 { get; } =
        new(83, XWing.Instance, HashFunction.Sha512, Aead.Aes256Gcm, Ed25519Scheme.Instance);

    /// <summary>All that there are.</summary>
    public static IReadOnlyList<MlsSuite> All { get; } = [X25519Aes128, XWingAes256, XWingAes256Sha512];

    public ushort Id { get; }

    public HashFunction Hash { get; }

    public Aead Aead { get; }

    public ISignatureScheme Signature { get; }

    public HpkeSuite Hpke { get; }

    public IKem Kem => Hpke.Kem;

    /// <summary>KDF.Nh, in bytes.</summary>
    public int SecretSize => Hash.Size;

    /// <returns>Null where the number is not supported.</returns>
    public static MlsSuite? Find(ushort id)
    {
        foreach (MlsSuite suite in All)
        {
            if (suite.Id == id)
            {
                return suite;
            }
        }

        return null;
    }

    /// <exception cref="E2EException">Not supported (<see cref="E2EError.MlsUnsupported"/>).</exception>
    public static MlsSuite Get(ushort id) =>
        Find(id) ?? throw new E2EException(E2EError.MlsUnsupported, "The cipher suite is not one of this library's.");
}
