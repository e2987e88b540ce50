using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <summary>The way from a chain's key to the key of a message in it, on copies: the chain moves only with <see cref="Commit"/>.</summary>
/// <remarks>Keys of missing messages on the way are derived once, with the message's own. Not thread-safe.</remarks>
internal readonly ref struct ChainTrial : IDisposable
{
    private readonly ReadOnlySpan<byte> _origin;
    private readonly Span<byte> _chainKey;
    private readonly uint _index;
    private readonly uint _number;
    private readonly uint _start;
    private readonly Lookahead? _marks;
    private readonly SecretBytes? _skipped;

    /// <param name="origin">The chain's key, 32 bytes, held by the caller as long as the trial lasts.</param>
    /// <param name="index">The number that it gives the key of.</param>
    /// <param name="number">The message's number, not below.</param>
    /// <param name="marks">What is known ahead; may be null where the message is less than <see cref="Lookahead.Interval"/> ahead.</param>
    /// <param name="memory">32 bytes that the caller zeroes: the chain key on its way.</param>
    public ChainTrial(ReadOnlySpan<byte> origin, uint index, uint number, Lookahead? marks, Span<byte> memory)
    {
        _origin = origin;
        _index = index;
        _number = number;
        _marks = marks;
        _chainKey = memory;
        origin.CopyTo(memory);
        _start = marks?.CopyNearest(index, number, memory) ?? index;
        _skipped = _start == index && number > index ? new SecretBytes(Kept(index, number) * ChainKey.Size) : null;
    }

    /// <summary>Derives the message's key.</summary>
    /// <param name="messageKey">32 bytes, written.</param>
    public void Derive(Span<byte> messageKey)
    {
        if (_skipped is null)
        {
            Walk(_start, _number, default, messageKey);
            return;
        }

        using SecretScope skipped = _skipped.Use();
        Walk(_start, _number, skipped.Span, messageKey);
    }

    /// <summary>The message has opened: stores the keys of the newest missing ones before it, and moves the chain behind it.</summary>
    public void Commit(ChainKey chain, SkippedKeys keys, ulong chainId, DateTimeOffset now)
    {
        keys.Reserve(Kept(_index, _number));
        if (_skipped is not null)
        {
            using SecretScope skipped = _skipped.Use();
            Store(skipped.Span, keys, chainId, now);
        }
        else if (_number > _index)
        {
            StoreAnew(keys, chainId, now);
        }

        chain.Advance(_chainKey, _number + 1);
    }

    public void Dispose() => _skipped?.Dispose();

    /// <summary>How many keys before a number are kept.</summary>
    private static int Kept(uint index, uint number) => (int)Math.Min(number - index, RatchetLimits.MaxSkippedKeys);

    private void Walk(uint from, uint number, Span<byte> skipped, Span<byte> messageKey)
    {
        uint firstKept = number - (uint)(skipped.Length / ChainKey.Size);
        bool isFar = number - from >= Lookahead.Interval;
        for (uint at = from; at <= number; at++)
        {
            if (isFar)
            {
                _marks?.Mark(at, _chainKey);
            }

            ChainKey.Step(_chainKey, messageKey);
            if (at >= firstKept && at < number)
            {
                messageKey.CopyTo(skipped[((int)(at - firstKept) * ChainKey.Size)..]);
            }
        }
    }

    private void Store(ReadOnlySpan<byte> skipped, SkippedKeys keys, ulong chainId, DateTimeOffset now)
    {
        uint first = _number - (uint)(skipped.Length / ChainKey.Size);
        for (uint at = first; at < _number; at++)
        {
            keys.Add(chainId, at, now, skipped.Slice((int)(at - first) * ChainKey.Size, ChainKey.Size));
        }
    }

    /// <summary>The message's own way began at a mark, and so passed by keys that are to be kept.</summary>
    private void StoreAnew(SkippedKeys keys, ulong chainId, DateTimeOffset now)
    {
        using var chainKey = new StackSecret(stackalloc byte[ChainKey.Size]);
        using var messageKey = new StackSecret(stackalloc byte[ChainKey.Size]);
        uint first = _number - (uint)Kept(_index, _number);
        _origin.CopyTo(chainKey.Span);
        for (uint at = _marks!.CopyNearest(_index, first, chainKey.Span); at < _number; at++)
        {
            ChainKey.Step(chainKey.Span, messageKey.Span);
            if (at >= first)
            {
                keys.Add(chainId, at, now, messageKey.Span);
            }
        }
    }
}
