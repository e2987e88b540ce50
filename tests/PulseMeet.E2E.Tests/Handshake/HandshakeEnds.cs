using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Handshake;

/// <summary>Attack 41: when a handshake has ended, its secrets are gone and the prekeys serve others again.</summary>
public sealed class HandshakeEnds
{
    private readonly TestClock _clock = new();

    [Fact]
    public void The_three_secrets_of_a_handshake_go_together()
    {
        var secrets = new HandshakeSecrets(new byte[32], [.. Enumerable.Range(0, 96).Select(i => (byte)i)]);
        SecretBytes[] all = [secrets.RootKey, secrets.InitiatorHeaderKey, secrets.ResponderNextHeaderKey];
        Assert.Equal([0, 32, 64], all.Select(secret => Forge.BytesOf(secret)[0]));
        secrets.Dispose();
        Assert.All(all, secret => Assert.Throws<ObjectDisposedException>(() => Forge.BytesOf(secret)));
    }

    [Fact]
    public void An_accepted_handshake_leaves_no_secret_and_no_lock_behind()
    {
        var alice = new Party("alice", _clock);
        var bob = new Party("bob", _clock);
        byte[] message = alice.Initiate(bob, bob.Bundle()).Seal("first"u8);
        HandshakeSecrets secrets = Begin(bob, alice, message);
        Assert.Throws<ObjectDisposedException>(() => Forge.BytesOf(secrets.RootKey));
        Assert.True(ServesAnotherThread(bob), "Another thread waits for the prekeys.");

        // Nothing was committed: the same first message still begins a session.
        Assert.Equal("first"u8.ToArray(), bob.Accept(alice, message).Plaintext.ToArray());
        Assert.True(ServesAnotherThread(bob), "Another thread waits for the prekeys.");
    }

    private static bool ServesAnotherThread(Party party)
    {
        var thread = new Thread(() => party.PreKeys.Serialize()) { IsBackground = true };
        thread.Start();
        return thread.Join(TimeSpan.FromSeconds(30));
    }

    private static HandshakeSecrets Begin(Party bob, Party alice, byte[] message)
    {
        using HandshakeAcceptance acceptance = HandshakeAcceptance.Begin(
            bob.PreKeys, alice.AsPeer, FirstMessage.Read(message).Header, bob.Clock.GetUtcNow());
        return acceptance.Secrets;
    }
}
