using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Groups;

/// <summary>Since when this member has seen each leaf with the keys that it has: how long a device has not renewed them.</summary>
/// <remarks>By this member's clock, and for what it proposes; no commit is judged by it. Not thread-safe.</remarks>
internal sealed class LeafAges
{
    private readonly Dictionary<uint, long> _since = [];

    /// <summary>Unix seconds; null for no leaf.</summary>
    public long? Since(uint leaf) => _since.TryGetValue(leaf, out long since) ? since : null;

    /// <summary>Another epoch: leaves that changed begin at <paramref name="now"/>.</summary>
    public void Enter(RatchetTree? before, RatchetTree after, long now)
    {
        var present = new HashSet<uint>();
        foreach ((uint index, LeafNode leaf) in after.Members())
        {
            present.Add(index);
            LeafNode? old = before?.Leaf(index);
            bool isSame = old is not null && (ReferenceEquals(old, leaf) || old.IsSame(leaf));
            if (!isSame || !_since.ContainsKey(index))
            {
                _since[index] = now;
            }
        }

        foreach (uint gone in _since.Keys.Where(index => !present.Contains(index)).ToArray())
        {
            _since.Remove(gone);
        }
    }

    /// <summary>A clock that was ahead: what would be from the future counts from now on.</summary>
    public void Limit(long now)
    {
        foreach (uint index in _since.Where(entry => entry.Value > now).Select(entry => entry.Key).ToArray())
        {
            _since[index] = now;
        }
    }

    public void Write(MlsWriter writer)
    {
        writer.WriteUInt32((uint)_since.Count);
        foreach ((uint leaf, long since) in _since.OrderBy(entry => entry.Key))
        {
            writer.WriteUInt32(leaf);
            writer.WriteUInt64((ulong)since);
        }
    }

    public static LeafAges Read(ref MlsReader reader)
    {
        var ages = new LeafAges();
        for (uint count = reader.ReadUInt32(); count > 0; count--)
        {
            ages._since[reader.ReadUInt32()] = (long)reader.ReadUInt64();
        }

        return ages;
    }
}
