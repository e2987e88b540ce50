using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Attack 49, over the book alone: two devices that begin sessions in every interleaving come to the same one.</summary>
public sealed class SessionOrder
{
    private static readonly DateTimeOffset s_now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>All orders of: A begins, B begins, A begins again, B begins again, and each beginning arriving at the other side, at
    /// any time after it. Ids are chosen so that either side has the smaller one.</summary>
    [Theory]
    [InlineData(new ulong[] { 1, 2, 3, 4 })]
    [InlineData(new ulong[] { 2, 1, 4, 3 })]
    [InlineData(new ulong[] { 4, 3, 2, 1 })]
    [InlineData(new ulong[] { 3, 1, 2, 4 })]
    public void Whoever_begins_and_whatever_arrives_first_both_write_on_one_session_in_the_end(ulong[] ids)
    {
        int walks = 0;
        Walk([], ids, ref walks);
        Assert.Equal(630, walks);
    }

    [Fact]
    public void A_session_that_was_begun_knowing_another_one_takes_its_place_on_both_sides()
    {
        SessionBook alice = new(), bob = new();
        Add(alice, 1, alice.NextGeneration(s_now));
        Add(bob, 1, alice.Active!.Generation);
        ulong generation = bob.NextGeneration(s_now.AddDays(-400));
        Add(bob, 9, generation);
        Add(alice, 9, generation);
        Assert.Equal(Id(9), alice.Active.Id);
        Assert.Equal(Id(9), bob.Active!.Id);
    }

    [Fact]
    public void At_most_five_older_sessions_are_kept_and_each_for_thirty_days()
    {
        var book = new SessionBook();
        for (ulong i = 1; i <= 20; i++)
        {
            Add(book, i, book.NextGeneration(s_now));
            Assert.Equal(Id(i), book.Active!.Id);
        }

        Assert.Equal(6, book.Entries.Count);
        book.Received(Id(17), s_now.AddDays(20));
        Assert.False(book.IsTrimmingDue(s_now.AddDays(29)));
        Assert.True(book.IsTrimmingDue(s_now.AddDays(31)));
        Assert.Equal(4, book.Trim(s_now.AddDays(31)).Count);
        Assert.False(book.IsTrimmingDue(s_now.AddDays(31)));
        Assert.Equal([Id(20), Id(17)], book.Entries.Select(entry => entry.Id));
        Assert.Single(book.Trim(s_now.AddDays(51)));
        Assert.Empty(book.Trim(s_now.AddYears(50)));
    }

    [Fact]
    public void A_late_session_of_a_low_generation_is_kept_for_its_messages_even_when_the_book_is_full()
    {
        var book = new SessionBook();
        for (ulong i = 1; i <= 6; i++)
        {
            Add(book, i, book.NextGeneration(s_now));
        }

        Add(book, 50, 1);
        Assert.Contains(book.Entries, entry => entry.Id == Id(50));
        Assert.Equal(6, book.Entries.Count);
        Assert.Equal(Id(6), book.Active!.Id);
    }

    [Fact]
    public void A_clock_that_was_ten_years_ahead_keeps_no_session_for_ever()
    {
        var book = new SessionBook();
        Add(book, 1, 1, s_now.AddYears(10));
        Add(book, 2, 2, s_now);
        book.Received(Id(1), s_now.AddYears(10));
        Assert.True(book.IsTrimmingDue(s_now));
        book.Trim(s_now);
        Assert.False(book.IsTrimmingDue(s_now));
        Assert.Single(book.Trim(s_now.AddDays(31)));
    }

    [Fact]
    public void The_greatest_generation_of_a_hostile_peer_overflows_nothing()
    {
        var book = new SessionBook();
        Add(book, 1, ulong.MaxValue);
        Assert.Equal(ulong.MaxValue, book.NextGeneration(s_now));
    }

    [Fact]
    public void A_book_reads_as_it_was_written()
    {
        var book = new SessionBook();
        Add(book, 1, 5);
        Add(book, 2, 9);
        book.Received(Id(1), s_now.AddDays(1));
        byte[] bytes = new byte[book.GetSize()];
        var writer = new SpanWriter(bytes);
        book.Write(ref writer);
        writer.ExpectFull();
        var reader = new SpanReader(bytes);
        Assert.Equal(book.Entries, SessionBook.Read(ref reader).Entries);
        reader.ExpectEnd();
    }

    // Steps: 0 and 2 are beginnings of A, 1 and 3 of B; 4 + i is the arrival of the beginning i.
    private static void Walk(List<int> steps, ulong[] ids, ref int walks)
    {
        if (steps.Count == 8)
        {
            walks++;
            Play(steps, ids);
            return;
        }

        for (int step = 0; step < 8; step++)
        {
            bool isPossible = step >= 4 ? steps.Contains(step - 4) : step < 2 || steps.Contains(step - 2);
            if (isPossible && !steps.Contains(step))
            {
                steps.Add(step);
                Walk(steps, ids, ref walks);
                steps.RemoveAt(steps.Count - 1);
            }
        }
    }

    private static void Play(List<int> steps, ulong[] ids)
    {
        SessionBook[] books = [new(), new()];
        var generations = new ulong[4];
        for (int i = 0; i < steps.Count; i++)
        {
            int session = steps[i] % 4;
            bool isBeginning = steps[i] < 4;
            SessionBook book = books[isBeginning ? session % 2 : 1 - (session % 2)];
            if (isBeginning)
            {
                generations[session] = book.NextGeneration(s_now);
            }

            Add(book, ids[session], generations[session]);
        }

        Assert.Equal(books[0].Active!.Id, books[1].Active!.Id);
        Assert.Equal(4, books[0].Entries.Count);
    }

    private static SessionId Id(ulong value) => new(value);

    private static void Add(SessionBook book, ulong id, ulong generation, DateTimeOffset? now = null) =>
        book.Add(Id(id), generation, now ?? s_now);
}
