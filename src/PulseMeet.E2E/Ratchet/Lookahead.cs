using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <summary>Chain keys on the way to a message far ahead that has not opened: a damaged message that is delivered again and again
/// makes the way to its key once.</summary>
/// <remarks>
/// A chain key for every 256th number, so that whatever is delivered afterwards costs fewer than 256 steps before its tag is
/// looked at. What stands here follows from the chain key that the state has anyway; it is zeroed as the chain passes it, and is
/// no part of the stored state. Owns 8 KiB; not thread-safe.
/// </remarks>
internal sealed class Lookahead : IDisposable
{
    /// <summary>The distance between two marks, in messages; also from where on a message is far ahead.</summary>
    public const int Interval = 256;

    private const int Slots = RatchetLimits.MaxSkippedPerStep / Interval;

    private readonly SecretBytes _marks = new(Slots * ChainKey.Size);
    private uint _first;
    private uint _last;

    /// <summary>Copies the nearest chain key at or before a number, if one stands behind the chain's own.</summary>
    /// <param name="index">Where the chain's own key is.</param>
    /// <param name="number">The number that is to be reached.</param>
    /// <param name="chainKey">32 bytes; written only where there is a nearer key than the chain's own.</param>
    /// <returns>The number that the chain key at hand gives the message key of.</returns>
    public uint CopyNearest(uint index, uint number, Span<byte> chainKey)
    {
        uint mark = Math.Min(number, _last) / Interval * Interval;
        if (mark <= index)
        {
            return index;
        }

        using SecretScope marks = _marks.Use();
        marks.Span.Slice(OffsetOf(mark), ChainKey.Size).CopyTo(chainKey);
        return mark;
    }

    /// <summary>Remembers the chain key of a number, where it is the next one to remember.</summary>
    public void Mark(uint number, ReadOnlySpan<byte> chainKey)
    {
        if (number % Interval != 0 || number <= _last)
        {
            return;
        }

        using SecretScope marks = _marks.Use();
        chainKey.CopyTo(marks.Span.Slice(OffsetOf(number), ChainKey.Size));
        _first = _first == 0 ? number : _first;
        _last = number;
    }

    /// <summary>Zeroes what lies behind the chain, which has come to that number.</summary>
    /// <returns>Whether anything is left.</returns>
    public bool Pass(uint index)
    {
        using SecretScope marks = _marks.Use();
        for (; _first != 0 && _first <= Math.Min(index, _last); _first += Interval)
        {
            SecretMemory.Zero(marks.Span.Slice(OffsetOf(_first), ChainKey.Size));
        }

        return _first != 0 && _first <= _last;
    }

    public void Dispose() => _marks.Dispose();

    private static int OffsetOf(uint number) => (int)(number / Interval % Slots) * ChainKey.Size;
}
