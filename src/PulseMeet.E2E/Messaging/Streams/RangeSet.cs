using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>A set of numbers as sorted ranges that neither touch nor overlap.</summary>
/// <remarks>Not thread-safe. The number 2^64 - 1 is never in it.</remarks>
internal sealed class RangeSet
{
    private readonly List<NumberRange> _ranges = [];

    public IReadOnlyList<NumberRange> Ranges => _ranges;

    public bool Contains(ulong number)
    {
        int index = IndexOf(number);
        return index < _ranges.Count && _ranges[index].Contains(number);
    }

    public void Add(NumberRange added)
    {
        int first = _ranges.FindIndex(range => range.To >= (added.From == 0 ? 0 : added.From - 1));
        if (first < 0)
        {
            _ranges.Add(added);
            return;
        }

        int last = first;
        while (last < _ranges.Count && _ranges[last].From <= added.To + 1)
        {
            added = new NumberRange(Math.Min(added.From, _ranges[last].From), Math.Max(added.To, _ranges[last].To));
            last++;
        }

        _ranges.RemoveRange(first, last - first);
        _ranges.Insert(first, added);
    }

    public void Remove(ulong number)
    {
        int index = IndexOf(number);
        if (index >= _ranges.Count || !_ranges[index].Contains(number))
        {
            return;
        }

        NumberRange range = _ranges[index];
        _ranges.RemoveAt(index);
        if (range.To > number)
        {
            _ranges.Insert(index, new NumberRange(number + 1, range.To));
        }

        if (range.From < number)
        {
            _ranges.Insert(index, new NumberRange(range.From, number - 1));
        }
    }

    public void AddAll(IEnumerable<NumberRange> ranges)
    {
        foreach (NumberRange range in ranges)
        {
            Add(range);
        }
    }

    /// <summary>Takes out all that lies within a range.</summary>
    /// <returns>What was there.</returns>
    public IReadOnlyList<NumberRange> Take(NumberRange within)
    {
        var taken = new List<NumberRange>();
        for (int i = _ranges.Count - 1; i >= 0; i--)
        {
            NumberRange range = _ranges[i];
            if (range.To < within.From || range.From > within.To)
            {
                continue;
            }

            taken.Insert(0, new NumberRange(Math.Max(range.From, within.From), Math.Min(range.To, within.To)));
            _ranges.RemoveAt(i);
            if (range.To > within.To)
            {
                _ranges.Insert(i, range with { From = within.To + 1 });
            }

            if (range.From < within.From)
            {
                _ranges.Insert(i, range with { To = within.From - 1 });
            }
        }

        return taken;
    }

    /// <summary>Takes the lowest range out.</summary>
    public NumberRange RemoveLowest()
    {
        NumberRange lowest = _ranges[0];
        _ranges.RemoveAt(0);
        return lowest;
    }

    /// <summary>How many numbers lie in ranges.</summary>
    public static ulong Count(IReadOnlyList<NumberRange> ranges) => ranges.Aggregate(
        0UL, (sum, range) => sum > ulong.MaxValue - range.Count ? ulong.MaxValue : sum + range.Count);

    public static int GetSize(IReadOnlyList<NumberRange> ranges) => 2 + (ranges.Count * 16);

    public static void Write(ref SpanWriter writer, IReadOnlyList<NumberRange> ranges)
    {
        writer.WriteUInt16(checked((ushort)ranges.Count));
        foreach (NumberRange range in ranges)
        {
            writer.WriteUInt64(range.From);
            writer.WriteUInt64(range.To);
        }
    }

    /// <exception cref="E2EException">Ranges that are empty, touch, or are not in order
    /// (<see cref="E2EError.InvalidEncoding"/>), or too many (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static List<NumberRange> Read(ref SpanReader reader, int max)
    {
        int count = reader.ReadUInt16();
        if (count > max)
        {
            throw new E2EException(E2EError.LimitExceeded, "Too many ranges.");
        }

        var ranges = new List<NumberRange>();
        for (int i = 0; i < count; i++)
        {
            var range = new NumberRange(reader.ReadUInt64(), reader.ReadUInt64());
            bool isBehind = i == 0 || (ranges[^1].To < range.From && range.From - ranges[^1].To > 1);
            if (range.From == 0 || range.To < range.From || range.To == ulong.MaxValue || !isBehind)
            {
                throw new E2EException(E2EError.InvalidEncoding, "Ranges are empty, touch, or are not in order.");
            }

            ranges.Add(range);
        }

        return ranges;
    }

    /// <summary>Reads ranges of this device's own record into a set.</summary>
    public static RangeSet ReadSet(ref SpanReader reader, int max)
    {
        var set = new RangeSet();
        set._ranges.AddRange(Read(ref reader, max));
        return set;
    }

    private int IndexOf(ulong number)
    {
        int low = 0;
        int high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].To < number)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
