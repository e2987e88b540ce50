using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Storage;

/// <summary>The tree under the records: an ordered map, at a cost that grows with the logarithm.</summary>
public sealed class StoreTree : IDisposable
{
    private readonly MasterKey _key = MasterKey.Generate();

    /// <summary>Random batches of puts and deletes over few and many keys, with reopening, next to a sorted dictionary.</summary>
    [Property(MaxTest = 60)]
    public void The_store_is_a_sorted_dictionary_under_any_batches(int seed, PositiveInt keys)
    {
        RunAsync(seed, 2 + (keys.Get * 7 % 400)).GetAwaiter().GetResult();
    }

    [Fact]
    public async Task A_scan_gives_the_keys_above_one_and_within_a_prefix_in_order_and_no_more_than_asked_for()
    {
        await using SealedStore store = await Stores.OpenAsync(new InMemoryStore(), _key);
        var batch = new StoreBatch();
        byte[][] keys = [.. Enumerable.Range(0, 256).SelectMany(i => new byte[][] { [(byte)i], [(byte)i, 0], [(byte)i, 255, 255] })];
        foreach (byte[] key in keys)
        {
            batch.Put(3, key, key).Put(4, key, key);
        }

        await store.CommitAsync(batch);
        byte[][] sorted = [.. keys.Order(Comparer<byte[]>.Create((x, y) => x.AsSpan().SequenceCompareTo(y)))];
        Assert.Equal(sorted, await KeysAsync(store, [], [], int.MaxValue));
        Assert.Equal(sorted[..10], await KeysAsync(store, [], [], 10));
        foreach (byte[] key in sorted)
        {
            int place = Array.IndexOf(sorted, key);
            Assert.Equal(sorted.Skip(place + 1).Take(3), await KeysAsync(store, key, [], 3));
            Assert.Equal(sorted.Where(other => other.AsSpan().StartsWith(key)), await KeysAsync(store, [], key, int.MaxValue));
            Assert.Equal(sorted.Where(other => other[0] == key[0]).Skip(1).Take(1), await KeysAsync(store, [key[0]], [key[0]], 1));
        }

        Assert.Empty(await KeysAsync(store, [255, 255, 255], [], 5));
        Assert.Empty(await KeysAsync(store, [], [7, 7], 5));
    }

    [Fact]
    public async Task A_change_in_a_store_of_ten_thousand_records_writes_a_handful_and_opening_it_reads_two()
    {
        const int Records = 10_000;
        InMemoryStore filled = await Stores.FilledAsync(_key, Records);
        var store = new GatedStore(filled);
        await using SealedStore opened = await Stores.OpenAsync(store, _key);
        Assert.Equal(2, store.Reads);
        for (int i = 0; i < Records; i += 97)
        {
            store.MostChanges = 0;
            await opened.CommitAsync(Stores.Batch([i], write: 1));

            // The record, the head, and a node on each of five levels.
            Assert.InRange(store.MostChanges, 3, 7);
        }
    }

    [Fact]
    public async Task A_store_that_was_emptied_record_by_record_leaves_nothing_but_its_key_and_head()
    {
        InMemoryStore store = await Stores.FilledAsync(_key, 500);
        await using (SealedStore opened = await Stores.OpenAsync(store, _key))
        {
            for (int i = 0; i < 500; i++)
            {
                await opened.CommitAsync(new StoreBatch().Delete(Stores.Table, Stores.KeyOf((i * 7) % 500)));
            }

            await opened.CommitAsync(new StoreBatch().Delete(Stores.Table, Stores.KeyOf(1)));
        }

        Assert.Equal(2, (await RawStore.ReadAsync(store)).Records.Count);
        await using SealedStore again = await Stores.OpenAsync(store, _key);
        await again.CommitAsync(Stores.Batch([1], write: 1));
        Assert.Single(await again.ScanAsync(Stores.Table, default, default, 10));
    }

    public void Dispose() => _key.Dispose();

    private static async Task<byte[][]> KeysAsync(SealedStore store, byte[] after, byte[] prefix, int max) =>
        [.. (await store.ScanAsync(3, after, prefix, max)).Select(record => record.Key.ToArray())];

    private async Task RunAsync(int seed, int keys)
    {
        var random = new Random(seed);
        var model = new SortedDictionary<int, byte[]>();
        var store = new InMemoryStore();
        SealedStore opened = await Stores.OpenAsync(store, _key);
        for (int step = 0; step < 40; step++)
        {
            var batch = new StoreBatch();
            bool growing = random.Next(3) > 0;
            foreach (int i in Enumerable.Range(0, 1 + random.Next(20)).Select(_ => random.Next(keys)).Distinct())
            {
                if (random.Next(4) > 0 == growing)
                {
                    batch.Put(Stores.Table, Stores.KeyOf(i), model[i] = Stores.ValueOf(i, step));
                }
                else
                {
                    model.Remove(i);
                    batch.Delete(Stores.Table, Stores.KeyOf(i));
                }
            }

            await opened.CommitAsync(batch);
            if (random.Next(5) == 0)
            {
                await opened.DisposeAsync();
                opened = await Stores.OpenAsync(store, _key);
            }

            int probe = random.Next(keys);
            Assert.Equal(model.GetValueOrDefault(probe), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(probe)))?.Value);
        }

        IReadOnlyList<OpenedRecord> all = await opened.ScanAsync(Stores.Table, default, default, int.MaxValue);
        Assert.Equal(model.Keys.Select(Stores.KeyOf), all.Select(record => record.Key.ToArray()));
        Assert.Equal(model.Values, all.Select(record => record.Value));
        await opened.DisposeAsync();

        // No node and no record is left behind that nothing names: each level has at least half as many entries as it may have.
        RawStore raw = await RawStore.ReadAsync(store);
        Assert.Equal(model.Count, raw.Of(StoreTables.Records).Count());
        Assert.InRange(raw.Of(StoreTables.Nodes).Count(), 0, 1 + (model.Count / 4));
    }
}
