using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>Attack 42: a step that fails leaves the state as it was.</summary>
public sealed class FailedSteps
{
    [Fact]
    public void A_step_of_ones_own_that_fails_leaves_the_ratchet_key_that_the_peer_knows()
    {
        SessionPair pair = Sessions.Established();
        byte[] late = pair.Alice.Seal("late"u8);
        using RatchetState bob = Forge.StateOf(pair.Bob);
        RatchetOpening.Open(bob, late, default, pair.Clock.GetUtcNow()); // and so Bob's next message is a new step
        byte[] own = bob.Own.PublicKey.Span.ToArray();
        byte[] rootKey = Forge.BytesOf(bob.RootKey);
        bob.NextSendingHeaderKey.Dispose();
        Assert.Throws<ObjectDisposedException>(bob.EnsureSendingChain);
        Assert.Equal(own, bob.Own.PublicKey.Span.ToArray());
        Assert.NotEmpty(Forge.BytesOf(bob.Own));
        Assert.Equal(rootKey, Forge.BytesOf(bob.RootKey));
        Assert.Null(bob.Sending);
    }

    [Theory]
    [InlineData(nameof(RatchetState.RootKey))]
    [InlineData(nameof(RatchetState.SendingHeaderKey))]
    [InlineData(nameof(RatchetState.NextReceivingHeaderKey))]
    public void A_step_of_the_peers_that_cannot_be_taken_over_leaves_both_chains_and_every_key_as_they_were(string broken)
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("begins a receiving chain"u8));
        pair.Bob.Seal("begins a sending chain"u8);
        using RatchetState bob = Forge.StateOf(pair.Bob);
        using X25519KeyPair next = X25519KeyPair.Generate();
        byte[] memory = new byte[RootStep.Size];
        bob.TryStep(next.PublicKey, new RootStep(memory));
        ReceivingChain receiving = bob.Receiving[0];
        (int chains, ulong nextId, uint index) = (bob.Receiving.Count, bob.NextChainId, receiving.Next);
        (byte[] receivingKey, byte[] sendingKey) = (Forge.BytesOf(receiving.ChainKey!), Forge.BytesOf(bob.Sending!));
        SecretBytes[] keys = [bob.RootKey, bob.SendingHeaderKey, bob.NextReceivingHeaderKey];
        SecretBytes gone = (SecretBytes)typeof(RatchetState).GetProperty(broken)!.GetValue(bob)!;
        byte[][] before = [.. keys.Where(key => key != gone).Select(Forge.BytesOf)];
        gone.Dispose();

        Assert.Throws<ObjectDisposedException>(
            () => bob.CommitReceivingStep(next.PublicKey, new RootStep(memory), index + 1, pair.Clock.GetUtcNow()));

        Assert.Equal((chains, nextId, index), (bob.Receiving.Count, bob.NextChainId, bob.Receiving[0].Next));
        Assert.Same(receiving, bob.Receiving[0]);
        Assert.Null(receiving.ClosedAt);
        Assert.Equal(receivingKey, Forge.BytesOf(receiving.ChainKey!));
        Assert.Equal(sendingKey, Forge.BytesOf(bob.Sending!));
        Assert.NotEqual(next.PublicKey, bob.Peer);
        Assert.Equal(before, keys.Where(key => key != gone).Select(Forge.BytesOf));
    }

    [Fact]
    public void A_step_of_the_peers_closes_the_old_chain_opens_the_new_one_and_forgets_the_sending_chain_together()
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("begins a receiving chain"u8));
        pair.Bob.Seal("begins a sending chain"u8);
        using RatchetState bob = Forge.StateOf(pair.Bob);
        using X25519KeyPair next = X25519KeyPair.Generate();
        byte[] memory = new byte[RootStep.Size];
        bob.TryStep(next.PublicKey, new RootStep(memory));
        byte[] step = [.. memory];
        byte[] headerKey = Forge.BytesOf(bob.NextReceivingHeaderKey);
        ReceivingChain old = bob.Receiving[0];
        uint sent = bob.Sending!.Index;

        ReceivingChain chain = bob.CommitReceivingStep(next.PublicKey, new RootStep(memory), old.Next + 3, pair.Clock.GetUtcNow());

        Assert.Equal([chain, old], bob.Receiving.Take(2));
        Assert.Null(old.ChainKey);
        Assert.Equal(pair.Clock.GetUtcNow(), old.ClosedAt);
        Assert.Equal(headerKey, Forge.BytesOf(chain.HeaderKey));
        Assert.Equal(step[..32], Forge.BytesOf(bob.RootKey));
        Assert.Equal(step[32..64], Forge.BytesOf(chain.ChainKey!));
        Assert.Equal(step[64..], Forge.BytesOf(bob.NextReceivingHeaderKey));
        Assert.Equal(next.PublicKey, bob.Peer);
        Assert.Null(bob.Sending);
        Assert.Equal(sent, bob.PreviousChainLength);
        Assert.All(Forge.BytesOf(bob.SendingHeaderKey), b => Assert.Equal(0, b));
    }
}
