using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>Records that are done with, and go with the next batch, whatever it is for: they cost no write of their own. What is still
/// there after a crash is told to the relay once more, which takes it once.</summary>
/// <remarks>Whoever reads such records passes over what is in here. Bounded. Thread-safe.</remarks>
internal sealed class Leftovers
{
    /// <summary>The most that wait for a batch; beyond, it is deleted at once.</summary>
    public const int Max = 500;

    private readonly Lock _lock = new();
    private readonly HashSet<byte[]> _names = new(StoreName.Comparer);

    /// <summary>All that is in here, by name.</summary>
    public IReadOnlyList<byte[]> Names
    {
        get
        {
            lock (_lock)
            {
                return [.. _names];
            }
        }
    }

    /// <returns>False where it would be too much: nothing was added.</returns>
    public bool TryAdd(byte table, IReadOnlyCollection<byte[]> keys)
    {
        lock (_lock)
        {
            if (_names.Count + keys.Count > Max)
            {
                return false;
            }

            _names.UnionWith(keys.Select(key => StoreName.Of(table, key)));
            return true;
        }
    }

    public bool Contains(byte table, ReadOnlySpan<byte> key)
    {
        byte[] name = StoreName.Of(table, key);
        lock (_lock)
        {
            return _names.Contains(name);
        }
    }

    /// <summary>A batch is written: what it has deleted, or put there anew, is nobody's leftover.</summary>
    public void Written(IEnumerable<byte[]> names)
    {
        lock (_lock)
        {
            _names.ExceptWith(names);
        }
    }
}
