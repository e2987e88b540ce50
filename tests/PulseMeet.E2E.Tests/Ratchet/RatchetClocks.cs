using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>Attacks 11 and 48: what a session keeps goes with time, also where the clock was once ahead.</summary>
public sealed class RatchetClocks
{
    [Fact]
    public void A_clock_that_was_set_back_keeps_no_skipped_key_beyond_its_time()
    {
        SessionPair pair = Sessions.Established();
        byte[] underWrongClock = pair.Alice.Seal("late"u8);
        pair.Clock.Advance(TimeSpan.FromDays(3650));
        pair.Bob.Open(pair.Alice.Seal("x"u8));
        pair.Clock.Advance(TimeSpan.FromDays(-3650));
        byte[] underRightClock = pair.Alice.Seal("late too"u8);
        pair.Bob.Open(pair.Alice.Seal("x"u8));
        pair.Clock.Advance(RatchetLimits.MaxSkippedKeyAge + TimeSpan.FromSeconds(1));
        pair.Bob.Serialize();
        using RatchetState bob = Forge.StateOf(pair.Bob);
        Assert.Equal(0, bob.Skipped.Count);
        Assert.Equal(E2EError.DuplicateMessage, Refusal.Of(() => pair.Bob.Open(underWrongClock)));
        Assert.Equal(E2EError.DuplicateMessage, Refusal.Of(() => pair.Bob.Open(underRightClock)));
    }

    [Fact]
    public void A_skipped_key_of_the_open_chain_that_a_clock_ahead_has_stored_goes_in_time_though_nothing_arrives()
    {
        SessionPair pair = Sessions.Established();
        pair.Alice.Seal("lost"u8);
        pair.Clock.Advance(TimeSpan.FromDays(3650));
        pair.Bob.Open(pair.Alice.Seal("x"u8));
        pair.Clock.Advance(TimeSpan.FromDays(-3650));
        pair.Bob.Serialize();
        pair.Clock.Advance(RatchetLimits.MaxSkippedKeyAge + TimeSpan.FromSeconds(1));
        pair.Bob.Serialize();
        using RatchetState bob = Forge.StateOf(pair.Bob);
        Assert.Equal(0, bob.Skipped.Count);
        Assert.NotNull(bob.Receiving[0].ChainKey);
    }

    [Fact]
    public void A_clock_at_the_beginning_of_time_loses_no_message()
    {
        SessionPair pair = Sessions.Established();
        byte[] late = pair.Alice.Seal("late"u8);
        byte[] message = pair.Alice.Seal("x"u8);
        pair.Clock.Advance(DateTimeOffset.MinValue.AddDays(10) - pair.Clock.GetUtcNow());
        Assert.Equal("x"u8.ToArray(), pair.Bob.Open(message));
        Assert.Equal("late"u8.ToArray(), pair.Bob.Open(late));
        pair.Bob.Serialize();
    }

    [Fact]
    public void A_clock_that_was_ahead_and_is_set_back_keeps_neither_keys_nor_chains_though_nothing_arrives()
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("x"u8));
        pair.Clock.Advance(TimeSpan.FromDays(3650));
        pair.Alice.Seal("lost"u8);
        pair.Bob.Open(pair.Alice.Seal("x"u8));
        Sessions.RoundTrip(pair);
        byte[] closed = Forge.BytesOf(Forge.StateOf(pair.Bob).Receiving[1].HeaderKey);
        pair.Clock.Advance(TimeSpan.FromDays(-3650));
        Assert.True(Contains(pair.Bob, closed));
        Assert.Equal(1, Forge.StateOf(pair.Bob).Skipped.Count);
        pair.Clock.Advance(RatchetLimits.MaxSkippedKeyAge + TimeSpan.FromSeconds(1));
        Assert.False(Contains(pair.Bob, closed));
        Assert.Equal(0, Forge.StateOf(pair.Bob).Skipped.Count);
        Sessions.RoundTrip(pair);
    }

    [Fact]
    public void An_unanswered_session_that_began_by_a_clock_ahead_is_due_for_renewal_once_the_clock_is_set_back()
    {
        SessionPair pair = Sessions.Begun();
        Assert.False(pair.Alice.IsRenewalDue);
        pair.Clock.Advance(TimeSpan.FromMinutes(-5));
        Assert.False(pair.Alice.IsRenewalDue);
        pair.Clock.Advance(TimeSpan.FromSeconds(-1));
        Assert.True(pair.Alice.IsRenewalDue);
        Assert.False(pair.Bob.IsRenewalDue);
    }

    [Fact]
    public void The_header_keys_of_chains_beyond_the_bound_and_beyond_their_age_are_gone_from_the_stored_state()
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("x"u8));
        byte[] headerKey = Forge.BytesOf(Forge.StateOf(pair.Bob).Receiving[0].HeaderKey);
        Assert.True(Contains(pair.Bob, headerKey));
        for (int i = 0; i < RatchetLimits.MaxReceivingChains; i++)
        {
            Assert.True(Contains(pair.Bob, headerKey));
            Sessions.RoundTrip(pair);
        }

        Assert.False(Contains(pair.Bob, headerKey));

        byte[] closed = Forge.BytesOf(Forge.StateOf(pair.Bob).Receiving[1].HeaderKey);
        byte[] open = Forge.BytesOf(Forge.StateOf(pair.Bob).Receiving[0].HeaderKey);
        pair.Clock.Advance(RatchetLimits.MaxSkippedKeyAge + TimeSpan.FromSeconds(1));
        Assert.False(Contains(pair.Bob, closed));
        Assert.True(Contains(pair.Bob, open));
        Sessions.RoundTrip(pair);
    }

    private static bool Contains(RatchetSession session, byte[] secret) =>
        session.Serialize().AsSpan().IndexOf(secret) >= 0;
}
