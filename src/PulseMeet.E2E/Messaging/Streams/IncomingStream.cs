using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>What a number that came is.</summary>
internal enum Arrival
{
    /// <summary>Not seen before: it is handed over.</summary>
    New = 1,

    /// <summary>Handed over before, or given up so long ago that it is no longer known apart from that.</summary>
    Duplicate = 2,
}

/// <summary>What this device knows of a stream's numbers: which came, which are missing, and since when.</summary>
/// <remarks>
/// The first number that comes is the baseline: what was sent before was not for this device, so nothing below is missing; where
/// such a number comes all the same, late, it is new once. Above the baseline every number up to the highest one named is either
/// received or missing. A pure state machine, not thread-safe. docs/protocol-messaging.md, "Numbers".
/// </remarks>
internal sealed class IncomingStream
{
    /// <summary>The most ranges that are kept of each kind; beyond, the lowest is given up.</summary>
    public const int MaxRanges = 256;

    private const byte Version = 1;

    private readonly RangeSet _early;
    private readonly RangeSet _missing;
    private readonly RangeSet _named;

    public IncomingStream()
        : this(new RangeSet(), new RangeSet(), new RangeSet())
    {
    }

    private IncomingStream(RangeSet early, RangeSet missing, RangeSet named)
    {
        _early = early;
        _missing = missing;
        _named = named;
    }

    /// <summary>The first number that came; 0 while none has.</summary>
    public ulong Baseline { get; private set; }

    /// <summary>The highest number that came or was named.</summary>
    public ulong Highest { get; private set; }

    /// <summary>When the oldest of the missing numbers that were not named to the app yet was noticed.</summary>
    public DateTimeOffset? NoticedAt { get; private set; }

    /// <summary>What is missing and was not named to the app yet.</summary>
    public IReadOnlyList<NumberRange> Missing => _missing.Ranges;

    /// <summary>What is missing and was named to the app; it is new if it comes all the same.</summary>
    public IReadOnlyList<NumberRange> Named => _named.Ranges;

    /// <summary>Whether the app was told that this number is missing.</summary>
    public bool IsNamed(ulong number) => _named.Contains(number);

    /// <summary>Notes a numbered content that was opened.</summary>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="highest">The highest number that it repeats.</param>
    /// <param name="now">The time.</param>
    public Arrival Receive(ulong number, ulong highest, DateTimeOffset now)
    {
        if (Baseline == 0)
        {
            Baseline = number;
            Highest = number;
            Note(highest, now);
            return Arrival.New;
        }

        if (number < Baseline)
        {
            return ReceiveEarly(number, highest, now);
        }

        Note(Math.Max(number, highest), now);
        bool isNew = _missing.Contains(number) || _named.Contains(number);
        _missing.Remove(number);
        _named.Remove(number);
        Settle();
        return isNew ? Arrival.New : Arrival.Duplicate;
    }

    /// <summary>Notes the highest number that an unnumbered content repeats. Before the first number it tells nothing.</summary>
    public void Note(ulong highest, DateTimeOffset now)
    {
        if (Baseline == 0 || highest <= Highest)
        {
            return;
        }

        _missing.Add(new NumberRange(Highest + 1, highest));
        Highest = highest;
        NoticedAt ??= now;
    }

    /// <summary>Whether <see cref="Name"/> is to be called: for a time nothing came, or a sender makes this device keep a lot.
    /// Looked at after every number, so that what is kept is bounded.</summary>
    public bool IsDue(DateTimeOffset now, TimeSpan delay) =>
        _missing.Ranges.Count >= MaxRanges || (NoticedAt is { } at && (now - at >= delay || at > now + delay));

    /// <summary>Takes all that is missing and was not named yet as named.</summary>
    /// <returns>What it was.</returns>
    public IReadOnlyList<NumberRange> Name()
    {
        NumberRange[] ranges = [.. _missing.Ranges];
        foreach (NumberRange range in ranges)
        {
            _missing.RemoveLowest();
            AddNamed(range);
        }

        NoticedAt = null;
        return ranges;
    }

    /// <summary>Notes what will not come any more.</summary>
    /// <returns>What of it was missing: it is not any more, and a duplicate if it comes all the same.</returns>
    public IReadOnlyList<NumberRange> Lose(IReadOnlyList<NumberRange> ranges)
    {
        var lost = new RangeSet();
        foreach (NumberRange range in ranges)
        {
            lost.AddAll(_missing.Take(range));
            lost.AddAll(_named.Take(range));
        }

        Settle();
        return lost.Ranges;
    }

    /// <summary>For this device's store.</summary>
    public byte[] Encode()
    {
        byte[] bytes = new byte[1 + 8 + 8 + 1 + 8
            + RangeSet.GetSize(_early.Ranges) + RangeSet.GetSize(_missing.Ranges) + RangeSet.GetSize(_named.Ranges)];
        var writer = new SpanWriter(bytes);
        writer.WriteByte(Version);
        writer.WriteUInt64(Baseline);
        writer.WriteUInt64(Highest);
        writer.WriteBoolean(NoticedAt.HasValue);
        writer.WriteInt64(NoticedAt?.ToUnixTimeMilliseconds() ?? 0);
        RangeSet.Write(ref writer, _early.Ranges);
        RangeSet.Write(ref writer, _missing.Ranges);
        RangeSet.Write(ref writer, _named.Ranges);
        writer.ExpectFull();
        return bytes;
    }

    /// <exception cref="E2EException">Not what <see cref="Encode"/> wrote (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static IncomingStream Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        ulong baseline = reader.ReadUInt64();
        ulong highest = reader.ReadUInt64();
        bool isNoticed = reader.ReadBoolean();
        DateTimeOffset noticedAt = ContentReading.Milliseconds(ref reader);
        var stream = new IncomingStream(
            RangeSet.ReadSet(ref reader, MaxRanges + 1), RangeSet.ReadSet(ref reader, MaxRanges + 1), RangeSet.ReadSet(ref reader, MaxRanges + 1))
        {
            Baseline = baseline,
            Highest = highest,
            NoticedAt = isNoticed ? noticedAt : null,
        };
        reader.ExpectEnd();
        return stream;
    }

    private Arrival ReceiveEarly(ulong number, ulong highest, DateTimeOffset now)
    {
        Note(highest, now);
        if (_early.Contains(number))
        {
            return Arrival.Duplicate;
        }

        _early.Add(new NumberRange(number, number));
        if (_early.Ranges.Count > MaxRanges)
        {
            // The gap between the two lowest ranges closes: a number in it that still comes is taken for a duplicate.
            _early.Add(new NumberRange(_early.Ranges[0].From, _early.Ranges[1].To));
        }

        return Arrival.New;
    }

    private void AddNamed(NumberRange range)
    {
        _named.Add(range);
        while (_named.Ranges.Count > MaxRanges)
        {
            _named.RemoveLowest();
        }
    }

    private void Settle()
    {
        if (_missing.Ranges.Count == 0)
        {
            NoticedAt = null;
        }
    }
}
