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
}
