using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Benchmarks.Ratchet;

/// <summary>Two devices with a session between them, which both have answered.</summary>
internal sealed class Pair
{
    private static readonly PreKeyOptions s_preKeys = new() { OneTimePreKeys = 1 };

    public Pair(PaddingScheme? padding = null)
    {
        Options = new RatchetOptions { Padding = padding ?? PaddingScheme.Default };
        using var account = Ed25519KeyPair.Generate();
        using DeviceIdentity alice = DeviceIdentity.Create(account, new DeviceAddress("alice", "phone"), TimeProvider.System);
        using DeviceIdentity bob = DeviceIdentity.Create(account, new DeviceAddress("bob", "phone"), TimeProvider.System);
        using DevicePreKeys preKeys = DevicePreKeys.Create(bob, s_preKeys, TimeProvider.System);
        PreKeyPublication published = preKeys.Publish(inDirectory: default);
        var bundle = new PreKeyBundle(
            published.Certificate, published.SignedPreKey, published.OneTimeKemPreKeys[0], published.OneTimePreKeys[0]);
        Alice = RatchetSession.Initiate(
            alice, new ExpectedPeer(bob.Address, account.PublicKey), bundle, Options, TimeProvider.System);
        FirstMessage = Alice.Seal(ReadOnlySpan<byte>.Empty);
        Bob = RatchetSession.Accept(
            bob, preKeys, new ExpectedPeer(alice.Address, account.PublicKey), FirstMessage, Options, TimeProvider.System).Session;
        Alice.Open(Bob.Seal(ReadOnlySpan<byte>.Empty));
        Bob.Open(Alice.Seal(ReadOnlySpan<byte>.Empty));
    }

    public RatchetOptions Options { get; }

    public RatchetSession Alice { get; private set; }

    public RatchetSession Bob { get; private set; }

    /// <summary>The message that began the session, with an empty plaintext.</summary>
    public byte[] FirstMessage { get; }

    /// <summary>One message from Alice to Bob.</summary>
    public void OneWay(byte[] plaintext) => Bob.Open(Alice.Seal(plaintext));

    /// <summary>A message and its answer: a ratchet step on each side.</summary>
    public void PingPong(byte[] plaintext)
    {
        Bob.Open(Alice.Seal(plaintext));
        Alice.Open(Bob.Seal(plaintext));
    }

    /// <summary>One message from Alice to Bob, with both states written and read again, as a device does that keeps nothing in
    /// memory.</summary>
    public void OneWayStored(byte[] plaintext)
    {
        byte[] message = Alice.Seal(plaintext);
        Alice = Reload(Alice);
        Bob.Open(message);
        Bob = Reload(Bob);
    }

    public void PingPongStored(byte[] plaintext)
    {
        OneWayStored(plaintext);
        (Alice, Bob) = (Bob, Alice);
        OneWayStored(plaintext);
        (Alice, Bob) = (Bob, Alice);
    }

    public RatchetSession Reload(RatchetSession session)
    {
        using (session)
        {
            return RatchetSession.Deserialize(session.Serialize(), Options, TimeProvider.System);
        }
    }
}
