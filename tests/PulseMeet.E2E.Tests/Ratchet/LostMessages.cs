using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>Attacks 10, 11 and 50: however many messages a network loses, the session goes on with the newest.</summary>
public sealed class LostMessages
{
    [Theory]
    [InlineData(RatchetLimits.MaxSkippedKeys + 1)]
    [InlineData(RatchetLimits.MaxSkippedKeys + 500)]
    [InlineData(RatchetLimits.MaxSkippedPerStep)]
    public void Beyond_the_keys_that_are_kept_lost_messages_at_a_chains_end_end_no_session_and_the_newest_still_open(int lost)
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("the last that arrives in time"u8));
        byte[][] late = Seal(pair.Alice, lost);
        Sessions.RoundTrip(pair);
        Sessions.RoundTrip(pair);
        TheNewestOpen(pair, late);
    }

    [Theory]
    [InlineData(RatchetLimits.MaxSkippedKeys + 1)]
    [InlineData(RatchetLimits.MaxSkippedKeys + 500)]
    [InlineData(RatchetLimits.MaxSkippedPerStep)]
    public void The_first_messages_of_a_new_chain_may_all_be_lost_and_the_newest_still_open(int lost)
    {
        SessionPair pair = Sessions.Established();
        Sessions.RoundTrip(pair);
        pair.Alice.Open(pair.Bob.Seal("so that the next message is a new step"u8));
        byte[][] late = Seal(pair.Alice, lost);
        Assert.Equal("arrives"u8.ToArray(), pair.Bob.Open(pair.Alice.Seal("arrives"u8)));
        TheNewestOpen(pair, late);
        Sessions.RoundTrip(pair);
    }

    [Theory]
    [InlineData(RatchetLimits.MaxSkippedKeys + 1)]
    [InlineData(RatchetLimits.MaxSkippedPerStep)]
    public void Messages_in_the_middle_of_a_chain_may_all_be_lost_and_the_newest_still_open(int lost)
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("the last that arrives in time"u8));
        byte[][] late = Seal(pair.Alice, lost);
        Assert.Equal("arrives"u8.ToArray(), pair.Bob.Open(pair.Alice.Seal("arrives"u8)));
        TheNewestOpen(pair, late);
        Sessions.RoundTrip(pair);
    }

    [Fact]
    public void One_more_than_the_hard_bound_is_refused_and_the_next_turn_goes_on()
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("the last that arrives in time"u8));
        Seal(pair.Alice, RatchetLimits.MaxSkippedPerStep + 1);
        byte[] message = pair.Alice.Seal("too far"u8);
        byte[] before = pair.Bob.Serialize();
        Assert.Equal(E2EError.TooFarAhead, Refusal.Of(() => pair.Bob.Open(message)));
        Assert.Equal(before, pair.Bob.Serialize());
        Sessions.RoundTrip(pair);
    }

    [Fact]
    public void At_the_end_of_a_long_chain_the_few_that_were_lost_still_open()
    {
        SessionPair pair = Sessions.Established();
        Seal(pair.Alice, (RatchetLimits.MaxSkippedPerStep / 2) + 1000);
        pair.Bob.Open(pair.Alice.Seal("the last that arrives in time"u8));
        byte[][] late = Seal(pair.Alice, RatchetLimits.MaxSkippedKeys);
        Sessions.RoundTrip(pair);
        Sessions.RoundTrip(pair);
        Assert.Equal(BitConverter.GetBytes(0), pair.Bob.Open(late[0]));
        Assert.Equal(BitConverter.GetBytes(late.Length - 1), pair.Bob.Open(late[^1]));
    }

    private static byte[][] Seal(RatchetSession sender, int count) =>
        [.. Enumerable.Range(0, count).Select(i => sender.Seal(BitConverter.GetBytes(i)))];

    private static void TheNewestOpen(SessionPair pair, byte[][] late)
    {
        int forgotten = late.Length - RatchetLimits.MaxSkippedKeys;
        Assert.Equal(E2EError.DuplicateMessage, Refusal.Of(() => pair.Bob.Open(late[forgotten - 1])));
        for (int i = forgotten; i < late.Length; i += i < late.Length - 2 ? 133 : 1)
        {
            Assert.Equal(BitConverter.GetBytes(i), pair.Bob.Open(late[i]));
        }
    }
}
