using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;

namespace PulseMeet.E2E.Benchmarks.Handshake;

/// <summary>Bundles and both sides of the handshake. Prekeys are made and first messages sealed outside the measured
/// time.</summary>
internal sealed class HandshakeWorkloads : IDisposable
{
    private static readonly RatchetOptions s_ratchet = new();
    private static readonly PreKeyOptions s_options = new() { OneTimePairs = PreKeyOptions.MaxOneTimePairs };

    private readonly Ed25519KeyPair _account = Ed25519KeyPair.Generate();
    private readonly DeviceIdentity _alice;
    private readonly DeviceIdentity _bob;
    private readonly ExpectedPeer _asAlice;
    private readonly ExpectedPeer _asBob;
    private readonly Queue<PreKeyBundle> _bundles = [];
    private readonly Queue<byte[]> _messages = [];
    private Queue<byte[]> _encoded = [];
    private DevicePreKeys _preKeys;
    private int _accepted;

    public HandshakeWorkloads()
    {
        _alice = DeviceIdentity.Create(_account, new DeviceAddress("alice", "phone"), TimeProvider.System);
        _bob = DeviceIdentity.Create(_account, new DeviceAddress("bob", "phone"), TimeProvider.System);
        _asAlice = new ExpectedPeer(_alice.Address, _account.PublicKey);
        _asBob = new ExpectedPeer(_bob.Address, _account.PublicKey);
        _preKeys = DevicePreKeys.Create(_bob, s_options, TimeProvider.System);
    }

    /// <summary>A whole new bundle: a signed pair and a one-time pair, made and signed.</summary>
    public Workload CreateBundle => new(() =>
    {
        using X25519KeyPair signed = X25519KeyPair.Generate();
        using MlKemKeyPair signedKem = MlKemKeyPair.Generate();
        using X25519KeyPair oneTime = X25519KeyPair.Generate();
        using MlKemKeyPair oneTimeKem = MlKemKeyPair.Generate();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        _ = new PreKeyBundle(
            _bob.Certificate,
            SignedPreKeyPair.Sign(_bob.SigningKey, 1, now, signed.PublicKey, signedKem.PublicKey, SharedProfile.Default),
            OneTimePreKeyPair.Sign(_bob.SigningKey, 2, 1, now, oneTime.PublicKey, oneTimeKem.PublicKey)).Encode();
    });

    /// <summary>What somebody costs who sends a first message again that was accepted: no curve is touched.</summary>
    public Workload RefuseReplay
    {
        get
        {
            MakeFirstMessages(1);
            byte[] accepted = _messages.Dequeue();
            RatchetSession.Accept(_preKeys, _asAlice, accepted, s_ratchet, TimeProvider.System).Session.Dispose();
            return new(() =>
            {
                try
                {
                    RatchetSession.Accept(_preKeys, _asAlice, accepted, s_ratchet, TimeProvider.System);
                }
                catch (E2EException)
                {
                    return;
                }

                throw new InvalidOperationException("A replay was accepted.");
            });
        }
    }

    /// <summary>The initiator's side: the bundle verified, the agreements, the first sending chain.</summary>
    public Workload Initiate => new(
        () => RatchetSession.Initiate(_alice, _asBob, _bundles.Dequeue(), s_ratchet, s_options, TimeProvider.System).Dispose(),
        MakeBundles);

    /// <summary>The responder's side, with the first message's plaintext.</summary>
    public Workload Accept => new(
        () => RatchetSession.Accept(_preKeys, _asAlice, _messages.Dequeue(), s_ratchet, TimeProvider.System).Session.Dispose(),
        MakeFirstMessages);

    /// <summary>Both sides, the first message sealed and opened between them.</summary>
    public Workload Both => new(
        () =>
        {
            using RatchetSession alice = RatchetSession.Initiate(
                _alice, _asBob, _bundles.Dequeue(), s_ratchet, s_options, TimeProvider.System);
            RatchetSession.Accept(
                _preKeys, _asAlice, alice.Seal("first"u8), s_ratchet, TimeProvider.System).Session.Dispose();
        },
        MakeBundles);

    /// <summary>Both sides, the bundle read as it comes from a relay. The certificates and the signed pair were seen before.</summary>
    public Workload BothFromBytes => new(
        () =>
        {
            PreKeyBundle bundle = PreKeyBundle.Decode(_encoded.Dequeue());
            using RatchetSession alice = RatchetSession.Initiate(_alice, _asBob, bundle, s_ratchet, s_options, TimeProvider.System);
            RatchetSession.Accept(
                _preKeys, _asAlice, alice.Seal("first"u8), s_ratchet, TimeProvider.System).Session.Dispose();
        },
        count =>
        {
            MakeBundles(count);
            _encoded = new Queue<byte[]>(_bundles.Select(bundle => bundle.Encode()));
        });

    public void Dispose()
    {
        _preKeys.Dispose();
        _alice.Dispose();
        _bob.Dispose();
        _account.Dispose();
    }

    private void MakeFirstMessages(int count)
    {
        MakeBundles(count);
        for (int i = 0; i < count; i++)
        {
            using RatchetSession session = RatchetSession.Initiate(
                _alice, _asBob, _bundles.Dequeue(), s_ratchet, s_options, TimeProvider.System);
            _messages.Enqueue(session.Seal("first"u8));
        }
    }

    private void MakeBundles(int count)
    {
        _bundles.Clear();
        _accepted += count;
        if (_accepted > PreKeyVault.MaxOneTimeHeld)
        {
            _preKeys.Dispose();
            _preKeys = DevicePreKeys.Create(_bob, s_options, TimeProvider.System);
            _accepted = count;
        }

        int there = s_options.OneTimePairs - count;
        PreKeyPublication published = _preKeys.PreparePublication(new DirectoryState(there, _preKeys.PublicationHash));
        foreach (OneTimePreKeyPair pair in published.OneTimePairs)
        {
            _bundles.Enqueue(new PreKeyBundle(published.Certificate, published.SignedPair.WithoutKemKey(), pair));
        }
    }
}
