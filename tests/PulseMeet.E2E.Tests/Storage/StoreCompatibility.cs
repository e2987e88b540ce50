using System.Text.Json;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Storage;

/// <summary>A store that an earlier version wrote opens, and goes on.</summary>
/// <remarks>Fixtures/store-v1.json has thirty records, the master key beside them, and is never written again.</remarks>
public sealed class StoreCompatibility
{
    private const int Count = 30;

    [Fact]
    public async Task A_store_of_version_1_gives_its_records_and_takes_new_ones()
    {
        (InMemoryStore store, MasterKey key) = await ReadAsync();
        using MasterKey own = key;
        Assert.Equal(Enumerable.Repeat(0, Count), await Stores.WritesAsync(store, own));

        await using (SealedStore opened = await Stores.OpenAsync(store, own))
        {
            await opened.CommitAsync(Stores.Batch([3, 17], write: 1));
        }

        Assert.Equal(Enumerable.Range(0, Count).Select(i => i is 3 or 17 ? 1 : 0), await Stores.WritesAsync(store, own));
    }

    [Fact]
    public async Task Nothing_of_version_1_comes_back_once_it_was_written_anew()
    {
        (InMemoryStore store, MasterKey key) = await ReadAsync();
        using MasterKey own = key;
        RawStore before = await RawStore.ReadAsync(store);
        await using (SealedStore opened = await Stores.OpenAsync(store, own))
        {
            await opened.CommitAsync(Stores.Batch(Enumerable.Range(0, Count), write: 1));
        }

        RawStore after = await RawStore.ReadAsync(store);
        foreach (StoreChange old in before.Records.Where(record => !RawStore.IsSame(record, before.Key)))
        {
            Assert.Equal(
                E2EError.StoreDamaged, await Stores.RefusalAsync(async () => await Stores.WritesAsync(await after.With(old).WriteAsync(), own)));
        }
    }

    [Fact]
    public async Task Its_master_key_can_be_changed()
    {
        (InMemoryStore store, MasterKey key) = await ReadAsync();
        using MasterKey own = key;
        using MasterKey next = MasterKey.Generate();
        await using (SealedStore opened = await Stores.OpenAsync(store, own))
        {
            await opened.ChangeMasterKeyAsync(next);
        }

        Assert.Equal(E2EError.WrongMasterKey, await Stores.RefusalAsync(() => Stores.OpenAsync(store, own)));
        Assert.Equal(Count, (await Stores.WritesAsync(store, next)).Length);
    }

    private static async Task<(InMemoryStore Store, MasterKey Key)> ReadAsync()
    {
        Fixture fixture = JsonSerializer.Deserialize<Fixture>(
            await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Fixtures/store-v1.json")))!;
        var store = new InMemoryStore();
        StoreLease lease = await store.AcquireAsync("writer", handover: false);
        for (long i = 0; i < fixture.Revision; i++)
        {
            await store.CommitAsync(
                lease,
                i,
                i < fixture.Revision - 1 ? [] : [.. fixture.Records.Select(record => new StoreChange(record.Table, record.Key, record.Value))]);
        }

        await store.ReleaseAsync(lease);
        return (store, MasterKey.Import(fixture.MasterKey));
    }

    private sealed record Fixture(byte[] MasterKey, long Revision, IReadOnlyList<FixtureRecord> Records);

    private sealed record FixtureRecord(byte Table, byte[] Key, byte[] Value);
}
