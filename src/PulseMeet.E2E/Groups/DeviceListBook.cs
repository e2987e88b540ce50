using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>The device lists that a group knows: one for each account in it, and no other. Its hash is in the group context.</summary>
/// <remarks>docs/protocol-groups.md, "Device lists". Immutable.</remarks>
internal sealed class DeviceListBook
{
    private readonly Dictionary<string, KnownList> _lists;
    private byte[]? _hash;

    public DeviceListBook(IEnumerable<KnownList> lists) =>
        _lists = lists.ToDictionary(list => list.UserId, StringComparer.Ordinal);

    public int Count => _lists.Count;

    public IEnumerable<KnownList> Lists => _lists.Values;

    /// <summary>SHA-256 over (user id, number, hash) of each list, in ascending order of user ids.</summary>
    public byte[] Hash => _hash ??= ComputeHash();

    public KnownList? Find(string userId) => _lists.GetValueOrDefault(userId);

    /// <summary>Reads the lists that came with a tree.</summary>
    /// <exception cref="E2EException">Malformed, out of order, or a signature does not verify
    /// (<see cref="E2EError.GroupDeviceListRefused"/>).</exception>
    public static DeviceListBook Read(ref MlsReader reader) => Read(ref reader, verify: true);

    /// <summary>Reads the lists out of this member's own stored state.</summary>
    public static DeviceListBook ReadStored(ref MlsReader reader) => Read(ref reader, verify: false);

    public void Write(MlsWriter writer)
    {
        int start = writer.BeginVector();
        foreach (KnownList list in InOrder())
        {
            writer.WriteVector(list.Encoded);
        }

        writer.EndVector(start);
    }

    private static DeviceListBook Read(ref MlsReader reader, bool verify)
    {
        var lists = new List<KnownList>();
        MlsReader inner = reader.ReadInner();
        while (inner.Remaining > 0)
        {
            KnownList list = verify ? KnownList.Verify(inner.ReadVector()) : KnownList.FromStored(inner.ReadVector());
            if (lists.Count > 0 && PulseData.Compare(lists[^1].UserId, list.UserId) >= 0)
            {
                throw new E2EException(E2EError.GroupDeviceListRefused, "The lists are not in order.");
            }

            lists.Add(list);
        }

        return new DeviceListBook(lists);
    }

    private KnownList[] InOrder()
    {
        KnownList[] sorted = [.. _lists.Values];
        Array.Sort(sorted, static (left, right) => PulseData.Compare(left.UserId, right.UserId));
        return sorted;
    }

    private byte[] ComputeHash()
    {
        using var writer = new MlsWriter(128 * (_lists.Count + 1));
        foreach (KnownList list in InOrder())
        {
            PulseData.WriteText(writer, list.UserId);
            writer.WriteUInt64((ulong)list.Number);
            writer.WriteBytes(list.Hash);
        }

        return Sha256.Hash(writer.Written);
    }
}
