using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Benchmarks.Primitives;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Benchmarks.Handshake;

/// <summary>The primitives that each side of the handshake consists of, called bare.</summary>
/// <remarks>Ed25519 public keys of a certificate that comes from outside are checked to be of the prime-order subgroup; that
/// check is a scalar multiplication and counts as a primitive.</remarks>
internal sealed class BareHandshake
{
    private readonly byte[] _privateKey = RawPrimitives.Bytes(32);
    private readonly byte[] _publicKey = new byte[32];
    private readonly byte[] _secret = new byte[32];
    private readonly byte[] _seed = RawPrimitives.Bytes(64);
    private readonly byte[] _encapsulationKey = new byte[MlKem768.EncapsulationKeySize];
    private readonly byte[] _ciphertext = new byte[MlKem768.CiphertextSize];
    private readonly byte[] _signingKey = new byte[32];
    private readonly byte[] _signature = new byte[64];
    private readonly byte[] _content = RawPrimitives.Bytes(200);

    public BareHandshake()
    {
        X25519.DerivePublicKey(_privateKey, _publicKey);
        MlKem768.DeriveEncapsulationKey(_seed, _encapsulationKey);
        MlKem768.TryEncapsulate(_encapsulationKey, _ciphertext, _secret);
        Ed25519.DerivePublicKey(_privateKey, _signingKey);
        Ed25519.Sign(_privateKey, _signingKey, _content, _signature);
    }

    /// <summary>Three signatures verified over short contents, two key pairs, five agreements, one encapsulation, two HKDFs.</summary>
    public Workload Initiate => new(RunInitiate);

    /// <summary>One certificate's keys checked and its signature verified, five agreements, one decapsulation, two
    /// HKDFs, two HMACs and one more HKDF and two AES-GCM for the message.</summary>
    public Workload Accept => new(RunAccept);

    /// <summary>Both, and the first message sealed.</summary>
    public Workload Both => new(() =>
    {
        RunInitiate();
        RunMessage();
        RunAccept();
    });

    /// <summary>Two X25519 key pairs, two ML-KEM-768 key pairs, two signatures.</summary>
    public Workload CreateBundle => new(() =>
    {
        Randomness.Fill(_secret);
        X25519.DerivePublicKey(_secret, _publicKey);
        Randomness.Fill(_secret);
        X25519.DerivePublicKey(_secret, _publicKey);
        Randomness.Fill(_seed);
        MlKem768.DeriveEncapsulationKey(_seed, _encapsulationKey);
        Randomness.Fill(_seed);
        MlKem768.DeriveEncapsulationKey(_seed, _encapsulationKey);
        Ed25519.Sign(_privateKey, _signingKey, _content, _signature);
        Ed25519.Sign(_privateKey, _signingKey, _content, _signature);
    });

    private void RunInitiate()
    {
        Ed25519.Verify(_signingKey, _content, _signature);
        Ed25519.Verify(_signingKey, _content, _signature);
        Ed25519.Verify(_signingKey, _content, _signature);
        GenerateKeyPair();
        GenerateKeyPair();
        Agree(5);
        MlKem768.TryEncapsulate(_encapsulationKey, _ciphertext, _secret);
        RawPrimitives.Hkdf();
        RawPrimitives.Hkdf();
    }

    private void RunAccept()
    {
        Ed25519.IsValidPublicKey(_signingKey);
        Ed25519.IsValidPublicKey(_signingKey);
        Ed25519.Verify(_signingKey, _content, _signature);
        Agree(5);
        MlKem768.Decapsulate(_seed, _ciphertext, _secret);
        RawPrimitives.Hkdf();
        RawPrimitives.Hkdf();
        RunMessage();
    }

    private void RunMessage()
    {
        RawPrimitives.Hmac();
        RawPrimitives.Hmac();
        RawPrimitives.Hkdf();
        RawPrimitives.SealAesGcm(_secret, _secret, _sealed);
        RawPrimitives.SealAesGcm(_secret, _secret, _sealed);
    }

    private readonly byte[] _sealed = new byte[32 + AesGcm256.TagSize];

    private void GenerateKeyPair()
    {
        Randomness.Fill(_secret);
        X25519.DerivePublicKey(_secret, _publicKey);
    }

    private void Agree(int count)
    {
        for (int i = 0; i < count; i++)
        {
            X25519.TryAgree(_privateKey, _publicKey, _secret);
        }
    }
}
