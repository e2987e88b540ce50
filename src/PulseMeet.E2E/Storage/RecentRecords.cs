using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Storage;

/// <summary>Records that were read lately, as they are in the store: a conversation reads the same few with every message.</summary>
/// <remarks>
/// A record is given out for the write that the tree names, and for no other. What was overwritten, deleted or is one too many is
/// zeroed. Bounded. Thread-safe.
/// </remarks>
internal sealed class RecentRecords : IDisposable
{
    /// <summary>The most records; beyond, the one that was longest not used goes.</summary>
    public const int MaxRecords = 128;

    /// <summary>The longest value that is kept, in bytes.</summary>
    public const int MaxSize = 8 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<byte[], LinkedListNode<Recent>> _records = new(StoreName.Comparer);
    private readonly LinkedList<Recent> _order = [];
    private bool _isDisposed;

    /// <summary>The record that an entry of the tree names; null where it is not here.</summary>
    public OpenedRecord? Find(TreeEntry entry)
    {
        lock (_lock)
        {
            if (!_records.TryGetValue(entry.Name, out LinkedListNode<Recent>? node) || !PublicBytes.Equal(node.Value.Salt, entry.Salt))
            {
                return null;
            }

            _order.Remove(node);
            _order.AddFirst(node);
            using SecretScope value = node.Value.Value.Use();
            return new OpenedRecord(entry.Name.AsMemory(1), value.Span.ToArray(), node.Value.Revision, entry.Salt);
        }
    }

    /// <summary>Notes what was read.</summary>
    public void Add(byte[] name, OpenedRecord record)
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                Set(name, record.Salt, record.Revision, record.Value);
            }
        }
    }

    /// <summary>Notes what was written or, with null, deleted, where it is here.</summary>
    public void Written(byte[] name, byte[] salt, long revision, ReadOnlyMemory<byte>? value)
    {
        lock (_lock)
        {
            if (!_records.TryGetValue(name, out LinkedListNode<Recent>? known))
            {
                return;
            }

            if (value is { } written)
            {
                Set(name, salt, revision, written.Span);
            }
            else
            {
                Drop(known);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            while (_order.Last is { } last)
            {
                Drop(last);
            }
        }
    }

    private void Set(byte[] name, byte[] salt, long revision, ReadOnlySpan<byte> value)
    {
        SecretBytes? secret = null;
        if (_records.TryGetValue(name, out LinkedListNode<Recent>? known))
        {
            if (known.Value.Value.Length == value.Length)
            {
                secret = known.Value.Value;
                _order.Remove(known);
                _records.Remove(name);
            }
            else
            {
                Drop(known);
            }
        }

        if (value.Length > MaxSize)
        {
            secret?.Dispose();
            return;
        }

        secret ??= new SecretBytes(value.Length);
        using (SecretScope own = secret.Use())
        {
            value.CopyTo(own.Span);
        }

        _records[name] = _order.AddFirst(new Recent(name, salt, revision, secret));
        if (_records.Count > MaxRecords)
        {
            Drop(_order.Last!);
        }
    }

    private void Drop(LinkedListNode<Recent> node)
    {
        _order.Remove(node);
        _records.Remove(node.Value.Name);
        node.Value.Value.Dispose();
    }

    private sealed record Recent(byte[] Name, byte[] Salt, long Revision, SecretBytes Value);
}
