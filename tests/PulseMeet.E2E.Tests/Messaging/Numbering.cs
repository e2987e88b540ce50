using FsCheck.Xunit;
using FsCheck;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Whatever order a sender's numbers arrive in, each is new once, and what is missing is known.</summary>
public sealed class Numbering
{
    private static readonly DateTimeOffset s_now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Property(MaxTest = 1000)]
    public void Each_number_is_new_exactly_once_and_the_missing_ones_are_exactly_those_that_did_not_come(byte[] arrivals, byte[] repeated, bool isStored)
    {
        var stream = new IncomingStream();
        var came = new HashSet<ulong>();
        ulong highest = 0;
        for (int i = 0; i < arrivals.Length; i++)
        {
            ulong number = arrivals[i] % 40u + 1;
            ulong named = Math.Max(number, i < repeated.Length ? repeated[i] % 60u : 0);
            Assert.Equal(came.Add(number) ? Arrival.New : Arrival.Duplicate, stream.Receive(number, named, s_now));
            highest = Math.Max(highest, named);
            stream = isStored ? IncomingStream.Decode(stream.Encode()) : stream;
            Assert.Equal(highest, stream.Highest);
            AssertMissing(stream, came);
        }
    }

    [Property(MaxTest = 500)]
    public void What_was_named_is_still_new_when_it_comes(byte[] arrivals, byte[] late)
    {
        var stream = new IncomingStream();
        var came = new HashSet<ulong>();
        foreach (byte arrival in arrivals.Append((byte)50))
        {
            came.Add(arrival % 50u + 1);
            stream.Receive(arrival % 50u + 1, arrival % 50u + 1, s_now);
        }

        NumberRange[] named = [.. stream.Name(s_now, out _)];
        Assert.Equal(named, stream.Named);
        Assert.Empty(stream.Missing);
        Assert.Null(stream.NoticedAt);
        stream = IncomingStream.Decode(stream.Encode());
        foreach (byte number in late)
        {
            bool isNew = came.Add(number % 50u + 1);
            Assert.Equal(isNew ? Arrival.New : Arrival.Duplicate, stream.Receive(number % 50u + 1, 1, s_now));
        }
    }

    /// <summary>Whoever is in a conversation anew misses nothing of before, until the other says that it was said to him; what he has had is not new once
    /// more.</summary>
    [Property(MaxTest = 500)]
    public void Who_begins_anew_is_given_exactly_what_he_had_not_had(byte[] arrivals, byte[] later, byte said, bool isReached)
    {
        var stream = new IncomingStream();
        var came = new HashSet<ulong>();
        foreach (byte arrival in arrivals)
        {
            ulong number = arrival % 40u + 1;
            came.Add(number);
            stream.Receive(number, number, s_now);
        }

        stream.BeginAnew();
        stream = IncomingStream.Decode(stream.Encode());
        Assert.Empty(stream.Missing);
        Assert.Empty(stream.Named);
        Assert.Null(stream.DueAt(s_now, TimeSpan.Zero));
        ulong since = said % 40u;
        if (isReached)
        {
            stream.Reach(since, s_now);
            AssertMissingFrom(since + 1, stream, came);
        }

        foreach (byte arrival in later)
        {
            ulong number = since + (arrival % 40u) + 1;
            Assert.Equal(came.Add(number) ? Arrival.New : Arrival.Duplicate, stream.Receive(number, number, s_now));
        }

        stream.Reach(since, s_now);
        AssertMissingFrom(since + 1, stream, came);
    }

    [Fact]
    public void A_lost_tail_shows_by_the_highest_number_that_comes_next()
    {
        var stream = new IncomingStream();
        stream.Receive(1, 1, s_now);
        Assert.Null(stream.NoticedAt);
        stream.Note(3, s_now);
        Assert.Equal([new NumberRange(2, 3)], stream.Missing);
        Assert.False(stream.IsDue(s_now, TimeSpan.FromMinutes(1)));
        Assert.True(stream.IsDue(s_now + TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1)));
        Assert.Equal(Arrival.New, stream.Receive(3, 3, s_now));
        Assert.Equal(Arrival.New, stream.Receive(2, 3, s_now));
        Assert.False(stream.IsDue(s_now + TimeSpan.FromDays(1), TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void A_clock_that_was_ahead_and_is_set_back_leaves_a_gap_due()
    {
        var stream = new IncomingStream();
        stream.Receive(1, 3, s_now.AddYears(10));
        Assert.True(stream.IsDue(s_now, TimeSpan.FromMinutes(1)));
        stream.Name(s_now.AddYears(10), out _);
        Assert.True(stream.IsAskDue(s_now));
    }

    [Fact]
    public void What_was_named_is_due_again_after_longer_and_longer_and_given_up_in_the_end()
    {
        var stream = new IncomingStream();
        stream.Receive(1, 3, s_now);
        stream.Name(s_now, out _);
        DateTimeOffset now = s_now;
        foreach (int hours in new[] { 1, 2, 4, 8, 16, 32, 64 })
        {
            Assert.Equal(now.AddHours(hours), stream.DueAt(now, TimeSpan.Zero));
            Assert.False(stream.IsAskDue(now.AddHours(hours).AddTicks(-1)));
            now = now.AddHours(hours);
            Assert.True(stream.IsAskDue(now));
            Assert.False(stream.IsGivenUp(now));
            stream.AskAgain(now);
            stream = IncomingStream.Decode(stream.Encode());
        }

        Assert.False(stream.IsGivenUp(now.AddHours(63)));
        Assert.False(stream.IsAskDue(now.AddHours(64)));
        Assert.True(stream.IsGivenUp(now.AddHours(64)));
        Assert.Equal([new NumberRange(2, 3)], stream.GiveUp());
        Assert.Null(stream.DueAt(now, TimeSpan.Zero));
        Assert.Equal(Arrival.Duplicate, stream.Receive(2, 3, now));
    }

    [Fact]
    public void A_new_gap_begins_the_asking_anew_and_puts_off_none_that_was_due()
    {
        var stream = new IncomingStream();
        stream.Receive(1, 2, s_now);
        stream.Name(s_now, out _);
        stream.AskAgain(s_now.AddHours(1));
        stream.Note(3, s_now.AddHours(1));
        stream.Name(s_now.AddHours(1.5), out _);
        Assert.Equal(s_now.AddHours(2), stream.DueAt(s_now.AddHours(1.5), TimeSpan.Zero));
        Assert.Equal(1, stream.Asks);
    }

    [Fact]
    public void What_is_too_much_to_keep_is_told_when_it_is_dropped()
    {
        var stream = new IncomingStream();
        for (ulong number = 1; number < 1200; number += 2)
        {
            stream.Receive(number, number, s_now);
        }

        Assert.Equal(599, stream.Name(s_now, out IReadOnlyList<NumberRange> dropped).Count);
        Assert.Equal(599 - IncomingStream.MaxRanges, dropped.Count);
        Assert.Equal(Arrival.Duplicate, stream.Receive(dropped[0].From, 1, s_now));
        Assert.Equal(Arrival.New, stream.Receive(dropped[^1].To + 2, 1, s_now));
    }

    [Fact]
    public void Before_the_first_number_nothing_is_missing()
    {
        var stream = new IncomingStream();
        stream.Note(100, s_now);
        Assert.Empty(stream.Missing);
        Assert.Equal(Arrival.New, stream.Receive(50, 50, s_now));
        Assert.Empty(stream.Missing);
        Assert.Equal(Arrival.New, stream.Receive(49, 50, s_now));
        Assert.Equal(Arrival.Duplicate, stream.Receive(49, 50, s_now));
    }

    [Fact]
    public void In_a_later_stream_of_a_known_device_everything_from_the_first_number_on_is_missed()
    {
        IncomingStream stream = IncomingStream.FromTheFirst();
        Assert.Equal(Arrival.New, stream.Receive(3, 4, s_now));
        Assert.Equal([new NumberRange(1, 2), new NumberRange(4, 4)], stream.Missing);
        Assert.Equal(Arrival.New, stream.Receive(1, 4, s_now));
    }

    [Fact]
    public void A_streams_id_says_when_it_was_begun()
    {
        Assert.Equal(s_now.ToUnixTimeMilliseconds(), StreamId.BegunAt(StreamId.New(s_now)));
        Assert.NotEqual(StreamId.New(s_now), StreamId.New(s_now));
        Assert.Equal(0, StreamId.BegunAt(StreamId.New(DateTimeOffset.UnixEpoch.AddYears(-10))));
    }

    [Fact]
    public void A_sender_who_skips_numbers_for_ever_costs_a_bounded_record_and_is_named_at_once()
    {
        var stream = new IncomingStream();
        var named = new List<NumberRange>();
        for (ulong number = 1; number < 20_000; number += 2)
        {
            Assert.Equal(Arrival.New, stream.Receive(number, number, s_now));
            if (stream.IsDue(s_now, TimeSpan.FromMinutes(1)))
            {
                named.AddRange(stream.Name(s_now, out _));
            }
        }

        Assert.InRange(stream.Encode().Length, 1, 10_000);
        Assert.Equal(9_999UL, named.Concat(stream.Missing).Aggregate(0UL, (sum, range) => sum + range.Count));
        IncomingStream.Decode(stream.Encode());
    }

    [Fact]
    public void The_greatest_numbers_are_counted_without_overflow()
    {
        var stream = new IncomingStream();
        stream.Receive(1, ulong.MaxValue - 1, s_now);
        Assert.Equal([new NumberRange(2, ulong.MaxValue - 1)], stream.Missing);
        Assert.Equal(ulong.MaxValue - 2, stream.Missing[0].Count);
        Assert.Equal(Arrival.New, stream.Receive(ulong.MaxValue - 1, ulong.MaxValue - 1, s_now));
        Assert.Equal([new NumberRange(2, ulong.MaxValue - 2)], stream.Missing);
    }

    [Property(MaxTest = 500)]
    public void A_set_of_ranges_has_what_was_added_and_not_removed(byte[] steps)
    {
        var set = new RangeSet();
        var model = new SortedSet<ulong>();
        for (int i = 0; i + 1 < steps.Length; i += 2)
        {
            ulong from = steps[i] % 30u + 1;
            if (steps[i + 1] % 3 == 0)
            {
                set.Remove(from);
                model.Remove(from);
                continue;
            }

            ulong to = from + (steps[i + 1] % 5u);
            set.Add(new NumberRange(from, to));
            for (ulong number = from; number <= to; number++)
            {
                model.Add(number);
            }
        }

        Assert.Equal(model, set.Ranges.SelectMany(range => Numbers(range)));
        Assert.All(set.Ranges.Zip(set.Ranges.Skip(1)), pair => Assert.True(pair.First.To + 1 < pair.Second.From));
    }

    private static IEnumerable<ulong> Numbers(NumberRange range)
    {
        for (ulong number = range.From; number <= range.To; number++)
        {
            yield return number;
        }
    }

    private static void AssertMissingFrom(ulong first, IncomingStream stream, HashSet<ulong> came)
    {
        HashSet<ulong> missing = [.. stream.Missing.SelectMany(range => Enumerable.Range((int)range.From, (int)range.Count)).Select(number => (ulong)number)];
        for (ulong number = first; number <= stream.Highest; number++)
        {
            Assert.Equal(!came.Contains(number), missing.Contains(number));
        }

        Assert.DoesNotContain(missing, number => number < first || number > stream.Highest);
    }

    private static void AssertMissing(IncomingStream stream, HashSet<ulong> came)
    {
        for (ulong number = stream.Baseline; number <= stream.Highest; number++)
        {
            Assert.Equal(!came.Contains(number), stream.Missing.Any(range => range.Contains(number)));
        }
    }
}
