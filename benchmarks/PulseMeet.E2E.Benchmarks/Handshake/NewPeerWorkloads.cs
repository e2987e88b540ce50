using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;

namespace PulseMeet.E2E.Benchmarks.Handshake;

/// <summary>Both sides of a handshake between two devices of two accounts that have never seen each other: every key and signature is
/// checked. Devices and prekeys are made outside the measured time.</summary>
internal sealed class NewPeerWorkloads
{
    private static readonly RatchetOptions s_ratchet = new();
    private static readonly PreKeyOptions s_options = new() { OneTimePairs = 1 };

    private readonly List<Meeting> _meetings = [];
    private int _next;

    public Workload Both => new(() => _meetings[_next++].Run(), Make);

    private void Make(int count)
    {
        _meetings.ForEach(meeting => meeting.Dispose());
        _meetings.Clear();
        _next = 0;
        for (int i = 0; i < count; i++)
        {
            _meetings.Add(new Meeting());
        }
    }

    private sealed class Meeting : IDisposable
    {
        private readonly Ed25519KeyPair _aliceAccount = Ed25519KeyPair.Generate();
        private readonly Ed25519KeyPair _bobAccount = Ed25519KeyPair.Generate();
        private readonly DeviceIdentity _alice;
        private readonly DeviceIdentity _bob;
        private readonly DevicePreKeys _preKeys;
        private readonly byte[] _bundle;

        public Meeting()
        {
            _alice = DeviceIdentity.Create(_aliceAccount, new DeviceAddress("alice", "phone"), TimeProvider.System);
            _bob = DeviceIdentity.Create(_bobAccount, new DeviceAddress("bob", "phone"), TimeProvider.System);
            _preKeys = DevicePreKeys.Create(_bob, s_options, TimeProvider.System);
            PreKeyPublication published = _preKeys.PreparePublication(new DirectoryState(0, _preKeys.PublicationHash));
            _bundle = new PreKeyBundle(published.Certificate, published.SignedPair.WithoutKemKey(), published.OneTimePairs[0]).Encode();
        }

        public void Dispose()
        {
            _preKeys.Dispose();
            _alice.Dispose();
            _bob.Dispose();
            _aliceAccount.Dispose();
            _bobAccount.Dispose();
        }

        /// <summary>First contact: neither has the other's account key yet, so that its key is checked too.</summary>
        public void Run()
        {
            // Both devices are in one process, and what the one had checked of itself would be known to the other.
            DeviceCertificate.AllVerified.Clear();
            SignedPreKeyPair.AllVerified.Clear();
            PreKeyBundle bundle = PreKeyBundle.Decode(_bundle);
            using RatchetSession alice = RatchetSession.Initiate(
                _alice, ExpectedPeer.FirstContact(_bob.Address), bundle, s_ratchet, s_options, TimeProvider.System);
            RatchetSession.Accept(
                _preKeys, ExpectedPeer.FirstContact(_alice.Address), alice.Seal("first"u8), s_ratchet, TimeProvider.System).Session.Dispose();
        }
    }
}
