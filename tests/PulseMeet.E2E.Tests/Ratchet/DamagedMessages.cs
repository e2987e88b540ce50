using FsCheck.Xunit;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>Attacks 12 and 43: a message held back, damaged and delivered again and again makes the way to its key once.</summary>
public sealed class DamagedMessages
{
    private const int Far = 10_000;

    [Fact]
    public void A_damaged_message_far_ahead_in_the_current_chain_costs_its_derivations_once()
    {
        (RatchetState bob, byte[][] messages) = Behind(newChain: false);
        using (bob)
        {
            ReceivingChain chain = bob.Receiving[0];
            uint index = chain.ChainKey!.Index;
            Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => Open(bob, Damaged(messages[^1]))));

            // The chain's own key is put out of use: what opens now was not derived from it again.
            chain.ChainKey.Advance(new byte[ChainKey.Size], index);
            Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => Open(bob, Damaged(messages[^1]))));
            Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => Open(bob, Damaged(messages[Far / 2]))));
            Assert.Equal(BitConverter.GetBytes(Far / 2), Open(bob, messages[Far / 2]));
            Assert.Equal(BitConverter.GetBytes(Far - 1), Open(bob, messages[^1]));
        }
    }

    [Fact]
    public void A_damaged_message_far_ahead_in_a_new_chain_costs_its_derivations_once()
    {
        (RatchetState bob, byte[][] messages) = Behind(newChain: true);
        using (bob)
        {
            Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => Open(bob, Damaged(messages[^1]))));
            byte[] rootKey = Forge.BytesOf(bob.RootKey);
            bob.RootKey.Set(new byte[RootKey.Size]);
            Assert.Equal(BitConverter.GetBytes(Far - 1), Open(bob, messages[^1]));
            Assert.NotEqual(rootKey, Forge.BytesOf(bob.RootKey));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void After_any_number_of_damaged_messages_every_message_that_has_a_key_still_opens(bool newChain)
    {
        (RatchetState bob, byte[][] messages) = Behind(newChain);
        using (bob)
        {
            byte[] before = Stored(bob);
            foreach (int i in new[] { Far - 1, 0, 255, 256, 257, Far / 2, Far - 1, 511, 512, 1 })
            {
                Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => Open(bob, Damaged(messages[i]))));
            }

            Assert.Equal(before, Stored(bob));
            int[] arriving = [300, Far / 2, Far - 1];
            int from = 0;
            foreach (int next in arriving)
            {
                Assert.Equal(BitConverter.GetBytes(next), Open(bob, messages[next]));
                for (int i = Math.Max(from, next - RatchetLimits.MaxSkippedKeys); i < next; i++)
                {
                    Assert.Equal(BitConverter.GetBytes(i), Open(bob, messages[i]));
                }

                from = next + 1;
            }
        }
    }

    [Property(MaxTest = 30)]
    public bool Any_order_of_damaged_and_whole_messages_opens_what_the_bounds_allow(ushort[] order)
    {
        (RatchetState bob, byte[][] messages) = Behind(newChain: order.Length % 2 == 0, count: 1500);
        using (bob)
        {
            var opened = new HashSet<int>();
            foreach (int i in order.Select(i => i % messages.Length).Prepend(messages.Length - 1))
            {
                _ = Refusal.Of(() => Open(bob, Damaged(messages[i])));
                if (opened.Add(i) && !Open(bob, messages[i]).AsSpan().SequenceEqual(BitConverter.GetBytes(i)))
                {
                    return false;
                }
            }
        }

        return true;
    }

    [Fact]
    public void A_fourth_ratchet_key_with_messages_far_ahead_is_refused_before_any_key_is_derived_until_the_session_goes_on()
    {
        SessionPair pair = Sessions.Established();
        Sessions.RoundTrip(pair);
        using RatchetState alice = Forge.StateOf(pair.Alice);
        byte[] headerKey = Forge.BytesOf(alice.NextSendingHeaderKey);
        byte[] Forged(uint number)
        {
            using X25519KeyPair fresh = X25519KeyPair.Generate();
            return Forge.WithHeader(alice, headerKey, fresh.PublicKey.Span, 2, number);
        }

        byte[] before = pair.Bob.Serialize();
        for (int i = 0; i < RatchetLimits.MaxTrialRatchetKeys; i++)
        {
            Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Bob.Open(Forged(RatchetLimits.MaxSkippedPerStep))));
        }

        Assert.Equal(E2EError.TooFarAhead, Refusal.Of(() => pair.Bob.Open(Forged(Lookahead.Interval))));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Bob.Open(Forged(Lookahead.Interval - 1))));
        Assert.Equal(before, pair.Bob.Serialize());
        Sessions.RoundTrip(pair);
        using RatchetState later = Forge.StateOf(pair.Alice);
        headerKey = Forge.BytesOf(later.NextSendingHeaderKey);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Bob.Open(Forged(Lookahead.Interval))));
    }

    [Fact]
    public void What_was_derived_ahead_is_zeroed_as_the_chain_passes_it_and_with_the_session()
    {
        (RatchetState bob, byte[][] messages) = Behind(newChain: false);
        uint index = bob.Receiving[0].ChainKey!.Index;
        _ = Refusal.Of(() => Open(bob, Damaged(messages[^1])));
        Lookahead ahead = bob.Receiving[0].Ahead!;
        byte[] mark = new byte[ChainKey.Size];
        Assert.Equal(512u, ahead.CopyNearest(index, 600, mark));

        using (var zeroed = new ZeroedMemory())
        {
            Open(bob, messages[700]);
            Assert.True(zeroed.Saw(mark));
        }

        Assert.True(ahead.CopyNearest(bob.Receiving[0].Next, 5000, mark) > 4700);
        using (var zeroed = new ZeroedMemory())
        {
            bob.Dispose();
            Assert.True(zeroed.Saw(mark));
        }
    }

    /// <summary>Bob, who has none of so many messages of Alice's.</summary>
    private static (RatchetState Bob, byte[][] Messages) Behind(bool newChain, int count = Far)
    {
        SessionPair pair = Sessions.Established();
        Sessions.RoundTrip(pair);
        if (newChain)
        {
            pair.Alice.Open(pair.Bob.Seal("so that the next message is a new step"u8));
        }

        byte[][] messages = [.. Enumerable.Range(0, count).Select(i => pair.Alice.Seal(BitConverter.GetBytes(i)))];
        return (Forge.StateOf(pair.Bob), messages);
    }

    private static byte[] Open(RatchetState state, byte[] message) =>
        RatchetOpening.Open(state, message, default, DateTimeOffset.UnixEpoch.AddYears(50));

    private static byte[] Damaged(byte[] message)
    {
        byte[] damaged = [.. message];
        damaged[^1] ^= 1;
        return damaged;
    }

    private static byte[] Stored(RatchetState state)
    {
        byte[] stored = new byte[RatchetStateCodec.GetSize(state)];
        var writer = new PulseMeet.E2E.Encoding.SpanWriter(stored);
        RatchetStateCodec.Write(ref writer, state);
        return stored;
    }
}
