using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>Attacks 14 and 41: what the ratchet has no use for any more is zeroed at that moment, not when its memory is taken for
/// something else.</summary>
public sealed class RatchetZeroing
{
    private static readonly DateTimeOffset s_now = DateTimeOffset.UnixEpoch.AddYears(50);

    [Fact]
    public void A_closed_chain_zeroes_its_chain_key_and_what_was_derived_ahead_and_keeps_neither()
    {
        ReceivingChain chain = Chain(index: 0);
        byte[] mark = Ahead(chain, 256);
        using (var zeroed = new ZeroedMemory())
        {
            chain.Close(10, s_now);
            Assert.True(zeroed.Saw(Key(1)) && zeroed.Saw(mark));
        }

        Assert.Null(chain.ChainKey);
        Assert.Null(chain.Ahead);
        using (var zeroed = new ZeroedMemory())
        {
            chain.Dispose();
            Assert.True(zeroed.Saw(Key(9))); // the header key
        }
    }

    [Fact]
    public void A_mark_is_zeroed_as_the_chain_comes_to_it_and_the_memory_goes_with_the_last_one()
    {
        ReceivingChain chain = Chain(index: 0);
        byte[] first = Ahead(chain, 256);
        byte[] second = Ahead(chain, 512);
        byte[] read = new byte[ChainKey.Size];
        chain.ChainKey!.Advance(Key(2), 256);
        using (var zeroed = new ZeroedMemory())
        {
            chain.DropPassedMarks();
            Assert.True(zeroed.Saw(first));
            Assert.False(zeroed.Saw(second));
        }

        Assert.Equal(512u, chain.Ahead!.CopyNearest(256, 600, read));
        Assert.Equal(second, read);
        chain.ChainKey.Advance(Key(3), 512);
        Lookahead ahead = chain.Ahead;
        using (var zeroed = new ZeroedMemory())
        {
            chain.DropPassedMarks();
            Assert.True(zeroed.Saw(second));
        }

        Assert.Null(chain.Ahead);
        Assert.Throws<ObjectDisposedException>(() => ahead.Pass(600));
        chain.Dispose();
    }

    [Fact]
    public void Of_what_was_derived_for_several_chains_to_come_the_one_that_begins_keeps_its_own()
    {
        using var all = new StepLookaheads();
        Lookahead one = all.For(Key(1))!;
        Lookahead two = all.For(Key(2))!;
        one.Mark(256, Key(3));
        two.Mark(256, Key(4));
        using var zeroed = new ZeroedMemory();
        Lookahead? taken = all.Take(Key(2));
        Assert.Same(two, taken);
        Assert.True(zeroed.Saw(Key(3)));
        Assert.False(zeroed.Saw(Key(4)));
        byte[] read = new byte[ChainKey.Size];
        Assert.Equal(256u, taken!.CopyNearest(0, 300, read));
        Assert.Equal(Key(4), read);
        taken.Dispose();
    }

    [Fact]
    public void A_skipped_key_is_zeroed_as_it_goes_and_its_place_is_taken_again()
    {
        using var keys = new SkippedKeys();
        keys.Add(1, 0, s_now, Key(1));
        keys.Add(1, 1, s_now, Key(2));
        using var zeroed = new ZeroedMemory();
        keys.Remove(1, 0);
        Assert.True(zeroed.Saw(Key(1)));
        keys.RemoveStoredBefore(s_now.AddSeconds(1));
        Assert.True(zeroed.Saw(Key(2)));

        // However often keys come and go, there is no more memory than for the most that were there at one time.
        for (uint i = 0; i < 1000; i++)
        {
            keys.Add(2, i, s_now, Key(3));
            keys.Add(3, i, s_now, Key(4));
            keys.Remove(2, i);
            keys.Remove(3, i);
        }

        int whole = zeroed.Count;
        keys.Dispose();
        Assert.Equal(whole + 1, zeroed.Count);
        Assert.Equal(16 * ChainKey.Size, zeroed.Last.Length);
    }

    [Fact]
    public void Memory_that_became_too_small_is_zeroed_and_is_twice_as_long_then()
    {
        using var keys = new SkippedKeys();
        for (uint i = 0; i < 16; i++)
        {
            keys.Add(1, i, s_now, Key(1));
        }

        using var zeroed = new ZeroedMemory();
        keys.Add(1, 16, s_now, Key(2));
        Assert.Equal(16 * ChainKey.Size, zeroed.Last.Length);
        Assert.True(zeroed.Saw(Key(1)));
        keys.Dispose();
        Assert.Equal(32 * ChainKey.Size, zeroed.Last.Length);
    }

    [Fact]
    public void A_step_that_fails_zeroes_the_ratchet_key_that_it_made()
    {
        SessionPair pair = Sessions.Established();
        byte[] late = pair.Alice.Seal("late"u8);
        using RatchetState bob = Forge.StateOf(pair.Bob);
        RatchetOpening.Open(bob, late, default, pair.Clock.GetUtcNow());
        bob.NextSendingHeaderKey.Dispose();
        using var zeroed = new ZeroedMemory();
        Assert.Throws<ObjectDisposedException>(bob.EnsureSendingChain);

        // The last one is the fresh private key: nobody else's memory is let go of behind the failure.
        Assert.Equal(32, zeroed.Last.Length);
        Assert.Contains(zeroed.Last, b => b != 0);
    }

    [Fact]
    public void A_step_zeroes_the_ratchet_key_that_it_takes_the_place_of_and_a_peers_step_the_sending_chain()
    {
        SessionPair pair = Sessions.Established();
        byte[] late = pair.Alice.Seal("late"u8);
        using RatchetState bob = Forge.StateOf(pair.Bob);
        RatchetOpening.Open(bob, late, default, pair.Clock.GetUtcNow());
        byte[] own = Forge.BytesOf(bob.Own);
        using (var zeroed = new ZeroedMemory())
        {
            bob.EnsureSendingChain();
            Assert.True(zeroed.Saw(own));
        }

        byte[] sending = Forge.BytesOf(bob.Sending!);
        using X25519KeyPair next = X25519KeyPair.Generate();
        byte[] memory = new byte[RootStep.Size];
        bob.TryStep(next.PublicKey, new RootStep(memory));
        using (var zeroed = new ZeroedMemory())
        {
            bob.CommitReceivingStep(next.PublicKey, new RootStep(memory), bob.Receiving[0].Next, s_now);
            Assert.True(zeroed.Saw(sending));
        }
    }

    private static ReceivingChain Chain(uint index) => new(1, Key(9), new ChainKey(Key(1), index), 0, null);

    private static byte[] Ahead(ReceivingChain chain, uint number)
    {
        byte[] mark = Key((byte)(100 + (number / 256)));
        (chain.Ahead ??= new Lookahead()).Mark(number, mark);
        return mark;
    }

    private static byte[] Key(byte value) => [.. Enumerable.Repeat(value, ChainKey.Size)];
}
