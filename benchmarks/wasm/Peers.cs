using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;

namespace PulseMeet.E2E.Wasm;

/// <summary>Two devices of two accounts that have never seen each other, and the bundle of one of them.</summary>
internal sealed class Peers : IDisposable
{
    private static readonly PreKeyOptions s_options = new() { OneTimePairs = 1 };
    private static readonly DeviceFactory s_devices = new(s_options, TimeProvider.System);
    private static readonly RatchetSessionFactory s_sessions = new(new RatchetOptions(), s_options, TimeProvider.System);

    private readonly Ed25519KeyPair _aliceAccount = Ed25519KeyPair.Generate();
    private readonly Ed25519KeyPair _bobAccount = Ed25519KeyPair.Generate();
    private readonly DeviceIdentity _alice;
    private readonly DeviceIdentity _bob;
    private readonly DevicePreKeys _preKeys;
    private readonly byte[] _bundle;

    public Peers()
    {
        _alice = s_devices.CreateDevice(_aliceAccount, new DeviceAddress("alice", "browser"));
        _bob = s_devices.CreateDevice(_bobAccount, new DeviceAddress("bob", "browser"));
        _preKeys = s_devices.CreatePreKeys(_bob);
        PreKeyPublication published = _preKeys.PreparePublication(directory: default);
        _bundle = new PreKeyBundle(published.Certificate, published.SignedPair.WithoutKemKey(), published.OneTimePairs[0]).Encode();
    }

    /// <summary>The bundle is read as it comes from a relay, every key and signature of it checked.</summary>
    public RatchetSession Begin() =>
        s_sessions.Initiate(_alice, ExpectedPeer.FirstContact(_bob.Address), PreKeyBundle.Decode(_bundle));

    public RatchetSession Accept(byte[] first) =>
        s_sessions.Accept(_preKeys, ExpectedPeer.FirstContact(_alice.Address), first).Session;

    public void Dispose()
    {
        _preKeys.Dispose();
        _alice.Dispose();
        _bob.Dispose();
        _aliceAccount.Dispose();
        _bobAccount.Dispose();
    }
}
