using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Benchmarks.Primitives;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using BouncyCastleX25519 = Org.BouncyCastle.Math.EC.Rfc7748.X25519;

namespace PulseMeet.E2E.Benchmarks.Derivation;

/// <summary>Deriving keys, and the bare agreement beside it.</summary>
internal sealed class DerivationWorkloads
{
    private readonly KeyDerivationService _service = new(new KeyDerivationOptions(), TimeProvider.System);
    private readonly X25519KeyPair _own = X25519KeyPair.Generate();
    private readonly X25519PublicKey _peer = X25519KeyPair.Generate().PublicKey;
    private readonly ConversationContext _context = new("3f1c7a52-54d2-4a32-9d1a-3d0f6c1f9b7e");
    private readonly MediaKey _media;
    private readonly MasterKey _master = MasterKey.Generate();
    private readonly DeviceAddress _device = new("alice", "phone");

    public DerivationWorkloads() => _media = _service.DeriveConversationKeys(_own, _peer, _context).Media;

    /// <summary>Conversation, media and authentication keys from one agreement.</summary>
    public Workload Conversation => new(() => _service.DeriveConversationKeys(_own, _peer, _context).Dispose());

    public Workload MediaFile => new(() => _service.DeriveMediaFileKey(_media, "file-1").Dispose());

    public Workload Archive => new(() => _service.DeriveArchiveKey(_own, _peer, _context).Dispose());

    public Workload Device => new(() => _service.DeriveDeviceKey(_master, _device).Dispose());

    public Workload Backup => new(() => _service.DeriveBackupKey(_master, "alice", "backup-1").Dispose());

    public Workload KeyPair => new(() => _service.GenerateKeyPair().Dispose());

    /// <summary>One bare X25519 agreement by BouncyCastle.</summary>
    public static Workload BareAgreement
    {
        get
        {
            byte[] secret = new byte[32];
            byte[] privateKey = RawPrimitives.Bytes(32);
            byte[] publicKey = X25519KeyPair.Generate().PublicKey.ToArray();
            return new(() => BouncyCastleX25519.CalculateAgreement(privateKey, 0, publicKey, 0, secret, 0));
        }
    }
}
