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

/// <summary>What this device knows of a stream's numbers: which came, which are missing, since when, and how often they were asked for.</summary>
/// <remarks>
/// The first number that comes is the baseline, in the first stream that this device knows of the other in a conversation: what was sent before was not for this device, so nothing below is missing; where
/// such a number comes all the same, late, it is new once. Above the baseline every number up to the highest one named is either
/// received or missing. What is missing for a while is named to the app and asked for; what was named and does not come is asked for again, <see cref="MaxAsks"/>
/// times in all, and then given up. A pure state machine, not thread-safe. docs/protocol-messaging.md, "Numbers".
/// </remarks>
internal sealed class IncomingStream
{
    /// <summary>The most ranges that are kept of each kind; beyond, the lowest is given up.</summary>
    public const int MaxRanges = 256;

    /// <summary>How often what is missing is asked for. Between two times lie 1, 2, 4 … 64 hours, and 64 more before it is given up: then the
    /// sender keeps it no more.</summary>
    public const int MaxAsks = 8;

    /// <summary>How long what was named waits for somebody who cannot be asked: as long as what was asked for waits in all.</summary>
    private static readonly TimeSpan s_unaskedUntil = TimeSpan.FromHours(127 + 64);

    private const byte Version = 2;

    private readonly RangeSet _early;
    private readonly RangeSet _missing;
    private readonly RangeSet _named;
    private bool _isFromTheFirst;

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

    /// <summary>A further stream of a device that this one knew before: all that it has said there since is for this device, too.</summary>
    public static IncomingStream FromTheFirst() => new() { Baseline = 1, _isFromTheFirst = true };

    /// <summary>The first number that came, or the first that there is; 0 while nothing has come and nothing came before.</summary>
    public ulong Baseline { get; private set; }

    /// <summary>Whether there is nothing in it that a device would not know without it.</summary>
    public bool SaysNothing => _early.Ranges.Count == 0 && (Baseline == 0 || (_isFromTheFirst && Highest == 0));

    /// <summary>The highest number that came or was named.</summary>
    public ulong Highest { get; private set; }

    /// <summary>When the oldest of the missing numbers that were not named to the app yet was noticed.</summary>
    public DateTimeOffset? NoticedAt { get; private set; }

    /// <summary>When all that was named was last asked for; null while nothing is named.</summary>
    public DateTimeOffset? AskedAt { get; private set; }

    /// <summary>How often what was named has been asked for since the newest of it was; 0 while the sender cannot be asked.</summary>
    public int Asks { get; private set; }

    /// <summary>What is missing and was not named to the app yet.</summary>
    public IReadOnlyList<NumberRange> Missing => _missing.Ranges;

    /// <summary>What is missing and was named to the app; it is new if it comes all the same.</summary>
    public IReadOnlyList<NumberRange> Named => _named.Ranges;

    /// <summary>Whether the app was told that this number is missing.</summary>
    public bool IsNamed(ulong number) => _named.Contains(number);

    /// <summary>The sender says behind which number all was for this device: what is below the first one that came is missing from there on.</summary>
    public void Reach(ulong since, DateTimeOffset now)
    {
        if (since == ulong.MaxValue)
        {
            return;
        }

        if (Baseline == 0)
        {
            Begin(since + 1);
        }

        if (since + 1 < Baseline)
        {
            var below = new RangeSet();
            below.Add(new NumberRange(since + 1, Baseline - 1));
            foreach (NumberRange came in _early.Ranges.ToArray())
            {
                below.Take(came);
            }

            _early.Take(new NumberRange(since + 1, Baseline - 1));
            _missing.AddAll(below.Ranges);
            Baseline = since + 1;
            NoticedAt ??= _missing.Ranges.Count > 0 ? now : null;
        }
    }

    /// <summary>Notes a numbered content that was opened.</summary>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="highest">The highest number that it repeats.</param>
    /// <param name="now">The time.</param>
    public Arrival Receive(ulong number, ulong highest, DateTimeOffset now)
    {
        if (Baseline == 0)
        {
            Begin(Math.Max(number, 1));
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

    /// <summary>What came and was let go of again, as if it had not come.</summary>
    public void Miss(ulong number, DateTimeOffset now)
    {
        var range = new NumberRange(number, number);
        if (number < Baseline)
        {
            _early.Take(range);
        }
        else if (number <= Highest && !_named.Contains(number))
        {
            _missing.Add(range);
            NoticedAt ??= now;
        }
    }

    /// <summary>This device is in the conversation anew: nothing is missing any more, and the first number that comes from now on is the baseline. What
    /// it has had it knows still, so that it is no other time new.</summary>
    public void BeginAnew()
    {
        var had = new RangeSet();
        if (Baseline > 0 && Highest >= Baseline)
        {
            had.Add(new NumberRange(Baseline, Highest));
        }

        foreach (NumberRange missing in _missing.Ranges.Concat(_named.Ranges).ToArray())
        {
            had.Take(missing);
        }

        _early.AddAll(had.Ranges);
        CloseEarly();
        _missing.Take(new NumberRange(1, ulong.MaxValue - 1));
        _named.Take(new NumberRange(1, ulong.MaxValue - 1));
        Settle();
        Baseline = 0;
        Highest = 0;
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

    /// <summary>When something is to be done about what is missing: now at the earliest; null where nothing is missing.</summary>
    public DateTimeOffset? DueAt(DateTimeOffset now, TimeSpan delay)
    {
        DateTimeOffset? naming = _missing.Ranges.Count >= MaxRanges ? now : After(NoticedAt, delay, now);
        DateTimeOffset? asking = AskedAt is not null && Asks == 0 ? now : After(AskedAt, Pause, now);
        return naming < asking ? naming : asking ?? naming;
    }

    /// <summary>Whether anything is to be done now. Looked at after every number, so that what is kept is bounded.</summary>
    public bool IsDue(DateTimeOffset now, TimeSpan delay) => DueAt(now, delay) <= now;

    /// <summary>Whether <see cref="Name"/> is to be called: for a time nothing came, or a sender makes this device keep a lot.</summary>
    public bool IsNamingDue(DateTimeOffset now, TimeSpan delay) =>
        _missing.Ranges.Count >= MaxRanges || After(NoticedAt, delay, now) <= now;

    /// <summary>Whether what was named is to be asked for again.</summary>
    public bool IsAskDue(DateTimeOffset now) => AskedAt is not null && (Asks == 0 || (Asks < MaxAsks && After(AskedAt, Pause, now) <= now));

    /// <summary>Whether what was named was asked for so often that it is given up now.</summary>
    public bool IsGivenUp(DateTimeOffset now) =>
        (Asks >= MaxAsks && After(AskedAt, Pause, now) <= now) || (Asks == 0 && After(AskedAt, s_unaskedUntil, now) <= now);

    /// <summary>Takes all that is missing and was not named yet as named, and asked for. The asking begins anew with it.</summary>
    /// <param name="now">The time.</param>
    /// <param name="dropped">What was named before or now and is too much to keep: it is given up.</param>
    /// <returns>What is named now.</returns>
    public IReadOnlyList<NumberRange> Name(DateTimeOffset now, out IReadOnlyList<NumberRange> dropped)
    {
        NumberRange[] ranges = [.. _missing.Ranges];
        var tooMuch = new RangeSet();
        foreach (NumberRange range in ranges)
        {
            _missing.RemoveLowest();
            _named.Add(range);
            while (_named.Ranges.Count > MaxRanges)
            {
                tooMuch.Add(_named.RemoveLowest());
            }
        }

        NoticedAt = null;
        AskedAt = IsAskDue(now) ? now : AskedAt ?? now;
        Asks = 1;
        Settle();
        dropped = tooMuch.Ranges;
        return ranges;
    }

    /// <summary>Keeps no more than may be kept; called before every write. Of what is missing and was not named the lowest ranges are taken as named, and are
    /// to be asked for now; of what was named the lowest ones are given up.</summary>
    /// <param name="now">The time.</param>
    /// <param name="dropped">What is given up.</param>
    /// <returns>What is named now.</returns>
    public IReadOnlyList<NumberRange> Bound(DateTimeOffset now, out IReadOnlyList<NumberRange> dropped)
    {
        var named = new RangeSet();
        var tooMuch = new RangeSet();
        while (_missing.Ranges.Count > MaxRanges)
        {
            named.Add(_missing.RemoveLowest());
        }

        if (named.Ranges.Count > 0)
        {
            _named.AddAll(named.Ranges);
            Asks = 0;
            AskedAt = now;
        }

        while (_named.Ranges.Count > MaxRanges)
        {
            tooMuch.Add(_named.RemoveLowest());
        }

        Settle();
        dropped = tooMuch.Ranges;
        return named.Ranges;
    }

    /// <summary>Takes all that was named as asked for once more.</summary>
    public void AskAgain(DateTimeOffset now)
    {
        AskedAt = now;
        Asks++;
    }

    /// <summary>Takes note that the sender cannot be asked now: whatever was named is asked for as soon as he can, and given up when it has waited for
    /// as long as what is asked for.</summary>
    public void Unask() => Asks = 0;

    /// <summary>Gives up what was named.</summary>
    /// <returns>What it was: a duplicate if it comes all the same.</returns>
    public IReadOnlyList<NumberRange> GiveUp() => Lose([.. _named.Ranges]);

    /// <summary>Gives up all that is missing: nobody can be asked.</summary>
    /// <returns>As for <see cref="GiveUp"/>.</returns>
    public IReadOnlyList<NumberRange> GiveUpAll() => Lose([new NumberRange(1, ulong.MaxValue - 1)]);

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
        byte[] bytes = new byte[1 + 8 + 8 + 1 + 8 + 1 + 8 + 1
            + RangeSet.GetSize(_early.Ranges) + RangeSet.GetSize(_missing.Ranges) + RangeSet.GetSize(_named.Ranges)];
        var writer = new SpanWriter(bytes);
        writer.WriteByte(Version);
        writer.WriteUInt64(Baseline);
        writer.WriteUInt64(Highest);
        writer.WriteBoolean(NoticedAt.HasValue);
        writer.WriteInt64(NoticedAt?.ToUnixTimeMilliseconds() ?? 0);
        writer.WriteBoolean(AskedAt.HasValue);
        writer.WriteInt64(AskedAt?.ToUnixTimeMilliseconds() ?? 0);
        writer.WriteByte((byte)Asks);
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
        bool isAsked = reader.ReadBoolean();
        DateTimeOffset askedAt = ContentReading.Milliseconds(ref reader);
        int asks = reader.ReadByte();
        var stream = new IncomingStream(
            RangeSet.ReadSet(ref reader, MaxRanges + 1), RangeSet.ReadSet(ref reader, MaxRanges + 1), RangeSet.ReadSet(ref reader, MaxRanges + 1))
        {
            Baseline = baseline,
            Highest = highest,
            NoticedAt = isNoticed ? noticedAt : null,
            AskedAt = isAsked ? askedAt : null,
            Asks = asks,
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
        CloseEarly();
        return Arrival.New;
    }

    /// <summary>The first number, or all before it, is known: from there on, but above all that came before this device was in anew, numbers
    /// are missing where they do not come.</summary>
    private void Begin(ulong number)
    {
        Baseline = _early.Ranges is [.., var last] && last.To >= number ? last.To + 1 : number;
        Highest = Baseline - 1;
    }

    /// <summary>Where there are too many ranges, the gap between the two lowest closes: a number in it that still comes is taken for a
    /// duplicate.</summary>
    private void CloseEarly()
    {
        while (_early.Ranges.Count > MaxRanges)
        {
            _early.Add(new NumberRange(_early.Ranges[0].From, _early.Ranges[1].To));
        }
    }

    private void Settle()
    {
        if (_missing.Ranges.Count == 0)
        {
            NoticedAt = null;
        }

        if (_named.Ranges.Count == 0)
        {
            AskedAt = null;
            Asks = 0;
        }
    }

    private TimeSpan Pause => TimeSpan.FromHours(1 << Math.Clamp(Asks - 1, 0, MaxAsks - 2));

    /// <summary>When a pause is over: now at the earliest, and now where it began on a clock that was set back since.</summary>
    private static DateTimeOffset? After(DateTimeOffset? since, TimeSpan pause, DateTimeOffset now) =>
        since is not { } at ? null : at > now + pause || now - at >= pause ? now : at + pause;
}
