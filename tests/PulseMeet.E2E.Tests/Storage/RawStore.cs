using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Storage;

/// <summary>What a store holds beneath the sealing, as whoever has the file sees and changes it.</summary>
internal sealed class RawStore
{
    private RawStore(IReadOnlyList<StoreChange> records, long revision)
    {
        Records = records;
        Revision = revision;
    }

    public IReadOnlyList<StoreChange> Records { get; }

    public long Revision { get; }

    public IEnumerable<StoreChange> Of(byte table) => Records.Where(record => record.Table == table);

    public StoreChange Head => Of(StoreTables.Roots).Single(record => record.Key.Span.SequenceEqual(StoreTables.HeadRecord.Span));

    public StoreChange Key => Of(StoreTables.Roots).Single(record => record.Key.Span.SequenceEqual(StoreTables.KeyRecord.Span));

    public static async Task<RawStore> ReadAsync(InMemoryStore store)
    {
        InMemoryStore copy = store.Copy();
        StoreLease lease = await copy.AcquireAsync("reader", handover: false);
        List<StoreChange> records = [];
        for (byte table = 0; table < 3; table++)
        {
            foreach (StoreRecord record in await copy.ScanAsync(table, default, default, int.MaxValue))
            {
                records.Add(new StoreChange(table, record.Key, record.Value.ToArray()));
            }
        }

        return new RawStore(records, lease.Revision);
    }

    /// <summary>The same revision with some records in the place of those of the same name, or of none.</summary>
    public RawStore With(params IEnumerable<StoreChange> changed) =>
        new([.. Records.Where(own => !changed.Any(other => IsSame(own, other))), .. changed.Where(other => other.Value is not null)], Revision);

    public RawStore WithRevision(long revision) => new(Records, revision);

    public async Task<InMemoryStore> WriteAsync()
    {
        var store = new InMemoryStore();
        StoreLease lease = await store.AcquireAsync("writer", handover: false);
        for (long i = 0; i < Revision; i++)
        {
            await store.CommitAsync(lease, i, i == Revision - 1 ? Records : []);
        }

        await store.ReleaseAsync(lease);
        return store;
    }

    public bool IsEqualTo(RawStore other) =>
        Revision == other.Revision
        && Records.Count == other.Records.Count
        && Records.Zip(other.Records).All(pair => IsSame(pair.First, pair.Second)
            && pair.First.Value!.AsSpan().SequenceEqual(pair.Second.Value));

    public static bool IsSame(StoreChange one, StoreChange other) =>
        one.Table == other.Table && one.Key.Span.SequenceEqual(other.Key.Span);
}
