using System.Security.Cryptography;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <summary>The keys of messages that have not arrived yet (Double Ratchet, section 3.2: MKSKIPPED).</summary>
/// <remarks>
/// One block of pinned memory, a slot per key, linked in the order in which the keys were stored, so that the oldest go first
/// when the bound or their age is reached. Adding, finding and removing take the same time however many are stored. A slot is
/// zeroed when its key goes. Not thread-safe.
/// </remarks>
internal sealed class SkippedKeys : IDisposable
{
    private const int None = -1;
    private const int FirstCapacity = 16;

    private readonly Dictionary<(ulong Chain, uint Number), int> _slots = [];
    private SecretBytes _keys = new(FirstCapacity * ChainKey.Size);
    private Slot[] _links = new Slot[FirstCapacity];
    private int _oldest = None;
    private int _newest = None;
    private int _free = None;
    private int _used;

    /// <summary>Length of one key in the serialised form, in bytes.</summary>
    public const int EntrySize = 8 + 4 + 8 + ChainKey.Size;

    public int Count => _slots.Count;

    /// <summary>Stores a key; the oldest one goes when the bound is reached.</summary>
    public void Add(ulong chain, uint number, DateTimeOffset storedAt, ReadOnlySpan<byte> messageKey)
    {
        if (Count == RatchetLimits.MaxSkippedKeys)
        {
            RemoveSlot(_oldest);
        }

        // A clock that was wrong and has been set back: what it stamped with the future would otherwise stay, and hold back
        // the expiry of all that follows.
        for (int later = _newest; later != None && _links[later].StoredAt > storedAt; later = _links[later].Previous)
        {
            _links[later].StoredAt = storedAt;
        }

        int slot = TakeSlot();
        using SecretScope keys = _keys.Use();
        messageKey.CopyTo(keys.Span.Slice(OffsetOf(slot), ChainKey.Size));
        _links[slot] = new Slot { Chain = chain, Number = number, StoredAt = storedAt, Previous = _newest, Next = None };
        if (_newest != None)
        {
            _links[_newest].Next = slot;
        }
        else
        {
            _oldest = slot;
        }

        _newest = slot;
        _slots.Add((chain, number), slot);
    }

    /// <returns>False where there is no such key, or where it is over its age and only not dropped yet.</returns>
    public bool TryGet(ulong chain, uint number, DateTimeOffset storedSince, Span<byte> messageKey)
    {
        if (!_slots.TryGetValue((chain, number), out int slot) || _links[slot].StoredAt < storedSince)
        {
            return false;
        }

        using SecretScope keys = _keys.Use();
        keys.Span.Slice(OffsetOf(slot), ChainKey.Size).CopyTo(messageKey);
        return true;
    }

    public void Remove(ulong chain, uint number)
    {
        if (_slots.TryGetValue((chain, number), out int slot))
        {
            RemoveSlot(slot);
        }
    }

    /// <summary>Drops what was stored before that moment.</summary>
    public void RemoveStoredBefore(DateTimeOffset moment)
    {
        while (_oldest != None && _links[_oldest].StoredAt < moment)
        {
            RemoveSlot(_oldest);
        }
    }

    public void RemoveChain(ulong chain)
    {
        for (int slot = _oldest; slot != None;)
        {
            int next = _links[slot].Next;
            if (_links[slot].Chain == chain)
            {
                RemoveSlot(slot);
            }

            slot = next;
        }
    }

    /// <summary>Writes all keys, oldest first.</summary>
    public void Write(ref SpanWriter writer)
    {
        using SecretScope keys = _keys.Use();
        writer.WriteUInt16((ushort)Count);
        for (int slot = _oldest; slot != None; slot = _links[slot].Next)
        {
            writer.WriteUInt64(_links[slot].Chain);
            writer.WriteUInt32(_links[slot].Number);
            writer.WriteInt64(_links[slot].StoredAt.ToUnixTimeSeconds());
            writer.WriteBytes(keys.Span.Slice(OffsetOf(slot), ChainKey.Size));
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="reader">Stands before the count.</param>
    /// <param name="isMissing">Whether a chain of that id exists and has passed that number.</param>
    public void Read(ref SpanReader reader, Func<ulong, uint, bool> isMissing)
    {
        int count = reader.ReadUInt16();
        if (count > RatchetLimits.MaxSkippedKeys)
        {
            throw new E2EException(E2EError.LimitExceeded, "Too many skipped keys.");
        }

        for (int i = 0; i < count; i++)
        {
            ulong chain = reader.ReadUInt64();
            uint number = reader.ReadUInt32();
            DateTimeOffset storedAt = UnixTime.Read(ref reader);
            ReadOnlySpan<byte> key = reader.ReadBytes(ChainKey.Size);
            if (!isMissing(chain, number) || _slots.ContainsKey((chain, number)))
            {
                throw new E2EException(E2EError.InvalidEncoding, "A skipped key is of no chain, or stands twice.");
            }

            Add(chain, number, storedAt, key);
        }
    }

    public void Dispose() => _keys.Dispose();

    private static int OffsetOf(int slot) => slot * ChainKey.Size;

    private int TakeSlot()
    {
        if (_free != None)
        {
            int slot = _free;
            _free = _links[slot].Next;
            return slot;
        }

        if (_used == _links.Length)
        {
            Grow();
        }

        return _used++;
    }

    private void Grow()
    {
        var keys = new SecretBytes(_keys.Length * 2);
        using (SecretScope grown = keys.Use())
        {
            _keys.CopyTo(grown.Span);
        }

        _keys.Dispose();
        _keys = keys;
        Array.Resize(ref _links, _links.Length * 2);
    }

    private void RemoveSlot(int slot)
    {
        Slot link = _links[slot];
        using SecretScope keys = _keys.Use();
        CryptographicOperations.ZeroMemory(keys.Span.Slice(OffsetOf(slot), ChainKey.Size));
        _slots.Remove((link.Chain, link.Number));
        Relink(link.Previous, link.Next);
        _links[slot] = new Slot { Next = _free };
        _free = slot;
    }

    private void Relink(int previous, int next)
    {
        if (previous == None)
        {
            _oldest = next;
        }
        else
        {
            _links[previous].Next = next;
        }

        if (next == None)
        {
            _newest = previous;
        }
        else
        {
            _links[next].Previous = previous;
        }
    }

    private struct Slot
    {
        public ulong Chain;
        public uint Number;
        public int Previous;
        public int Next;
        public DateTimeOffset StoredAt;
    }
}
