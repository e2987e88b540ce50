using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>Attacks 11 and 13: what is kept is bounded in number and in time, and what is used is gone.</summary>
public sealed class RatchetBounds
{
    [Fact]
    public void As_many_messages_as_keys_are_kept_may_be_missing_and_all_open_later()
    {
        SessionPair pair = Sessions.Established();
        byte[][] messages = [.. Enumerable.Range(0, RatchetLimits.MaxSkippedKeys + 1).Select(_ => pair.Alice.Seal("m"u8))];
        pair.Bob.Open(messages[^1]);
        foreach (byte[] message in messages[..^1])
        {
            pair.Bob.Open(message);
        }

        using RatchetState bob = Forge.StateOf(pair.Bob);
        Assert.Equal(0, bob.Skipped.Count);
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(RatchetLimits.MaxSkippedPerStep + 2u)]
    public void A_forged_length_of_the_previous_chain_leaves_the_session_as_it_was(uint previous)
    {
        SessionPair pair = Sessions.Established();
        using RatchetState alice = Forge.StateOf(pair.Alice);
        using X25519KeyPair fresh = X25519KeyPair.Generate();
        byte[] forged = Forge.WithHeader(alice, Forge.BytesOf(alice.NextSendingHeaderKey), fresh.PublicKey.Span, previous, 0);
        byte[] before = pair.Bob.Serialize();
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Bob.Open(forged)));
        Assert.Equal(before, pair.Bob.Serialize());
    }

    [Fact]
    public void A_flood_of_skipped_keys_over_many_ratchet_keys_keeps_the_total_bound()
    {
        SessionPair pair = Sessions.Established();
        for (int step = 0; step < 6; step++)
        {
            for (int i = 0; i < 900; i++)
            {
                pair.Alice.Seal("never delivered"u8);
            }

            pair.Bob.Open(pair.Alice.Seal("delivered"u8));
            pair.Alice.Open(pair.Bob.Seal("answer"u8));
            using RatchetState bob = Forge.StateOf(pair.Bob);
            Assert.InRange(bob.Skipped.Count, 1, RatchetLimits.MaxSkippedKeys);
            Assert.InRange(bob.Receiving.Count, 1, RatchetLimits.MaxReceivingChains);
        }

        Assert.InRange(pair.Bob.Serialize().Length, 1, 120_000);
        Sessions.RoundTrip(pair);
    }

    [Fact]
    public void A_missing_messages_key_is_dropped_after_its_time()
    {
        SessionPair pair = Sessions.Established();
        byte[] late = pair.Alice.Seal("late"u8);
        pair.Bob.Open(pair.Alice.Seal("in time"u8));
        byte[] key = KeyOf(pair.Bob);
        Assert.True(pair.Bob.Serialize().AsSpan().IndexOf(key) >= 0);

        pair.Clock.Advance(RatchetLimits.MaxSkippedKeyAge + TimeSpan.FromSeconds(1));
        Assert.Equal(E2EError.DuplicateMessage, Refusal.Of(() => pair.Bob.Open(late)));
        Assert.True(pair.Bob.Serialize().AsSpan().IndexOf(key) < 0);
    }

    [Fact]
    public void The_bounds_are_those_that_the_protocol_names()
    {
        Assert.Equal(TimeSpan.FromDays(30), RatchetLimits.MaxSkippedKeyAge);
        Assert.Equal(
            (65536, 2000, 2000, 1000, 5),
            (RatchetLimits.MaxSkippedPerStep, RatchetLimits.MaxSkippedKeys, RatchetLimits.MaxSkippedBeforeSession, RatchetLimits.MaxUnanswered, RatchetLimits.MaxReceivingChains));

        // 70 bytes before the body, a plaintext padded to 64, a tag.
        Assert.Equal(70 + 64 + 16, Sessions.Established().Alice.Seal("hi"u8).Length);
    }

    [Fact]
    public void A_late_message_opens_until_its_keys_time_is_over()
    {
        SessionPair pair = Sessions.Established();
        byte[] late = pair.Alice.Seal("late"u8);
        pair.Bob.Open(pair.Alice.Seal("in time"u8));
        pair.Clock.Advance(RatchetLimits.MaxSkippedKeyAge - TimeSpan.FromSeconds(1));
        Assert.Equal("late"u8.ToArray(), pair.Bob.Open(late));
    }

    [Fact]
    public void A_used_key_is_no_longer_in_the_serialised_state()
    {
        SessionPair pair = Sessions.Established();
        byte[] late = pair.Alice.Seal("late"u8);
        pair.Bob.Open(pair.Alice.Seal("in time"u8));
        byte[] key = KeyOf(pair.Bob);
        pair.Bob.Open(late);
        Assert.True(pair.Bob.Serialize().AsSpan().IndexOf(key) < 0);
    }

    [Fact]
    public void A_chain_that_has_given_its_last_key_says_so_and_gives_none()
    {
        using var chain = new ChainKey(new byte[ChainKey.Size], uint.MaxValue - 1);
        byte[] key = new byte[ChainKey.Size];
        chain.Step(key);
        byte[] after = Forge.BytesOf(chain);
        Assert.Equal(E2EError.ChainExhausted, Refusal.Of(() => chain.Step(key)));
        Assert.Equal(after, Forge.BytesOf(chain));
    }

    [Fact]
    public void Skipped_keys_go_oldest_first_and_their_memory_is_zeroed()
    {
        using var keys = new SkippedKeys();
        byte[] key = new byte[ChainKey.Size];
        byte[] found = new byte[ChainKey.Size];
        DateTimeOffset now = DateTimeOffset.UnixEpoch;
        for (uint i = 0; i < RatchetLimits.MaxSkippedKeys + 10; i++)
        {
            BitConverter.TryWriteBytes(key, i + 1);
            keys.Add(7, i, now.AddSeconds(i), key);
        }

        Assert.Equal(RatchetLimits.MaxSkippedKeys, keys.Count);
        Assert.False(keys.TryGet(7, 9, DateTimeOffset.MinValue, found));
        Assert.True(keys.TryGet(7, 10, DateTimeOffset.MinValue, found));
        Assert.Equal(11u, BitConverter.ToUInt32(found));
        keys.Remove(7, 500);
        Assert.False(keys.TryGet(7, 500, DateTimeOffset.MinValue, found));
        keys.RemoveStoredBefore(now.AddSeconds(1000));
        Assert.False(keys.TryGet(7, 999, DateTimeOffset.MinValue, found));
        Assert.True(keys.TryGet(7, 1000, DateTimeOffset.MinValue, found));
        keys.RemoveChain(7);
        Assert.Equal(0, keys.Count);
    }

    /// <summary>The key of the one message that Bob is missing.</summary>
    private static byte[] KeyOf(RatchetSession bob)
    {
        using RatchetState state = Forge.StateOf(bob);
        Assert.Equal(1, state.Skipped.Count);
        byte[] key = new byte[ChainKey.Size];
        Assert.True(state.Skipped.TryGet(state.Receiving[0].Id, 0, DateTimeOffset.MinValue, key));
        return key;
    }
}
