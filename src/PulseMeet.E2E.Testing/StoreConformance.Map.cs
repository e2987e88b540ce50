using PulseMeet.E2E.Storage;
using static PulseMeet.E2E.Testing.StoreTrial;

#pragma warning disable CA1861 // Each check makes its arrays anew: stores may keep what they are given.

namespace PulseMeet.E2E.Testing;

/// <content>A map from table and key to value.</content>
public sealed partial class StoreConformance
{
    private static async Task NewStore(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        Expect(lease.Revision == 0, $"The revision is {lease.Revision}.");
        await ExpectAsync(store, 0, [1], null, "There is a record.").ConfigureAwait(false);
        Expect((await store.ScanAsync(0, default, default, 10).ConfigureAwait(false)).Count == 0, "A scan finds something.");
    }

    private static async Task Values(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        byte[] longest = [.. all.AsSpan(1)];
        await store.CommitAsync(lease, 0, [Put(0, [0], all), Put(255, longest, []), Put(7, [0, 0], [0])]).ConfigureAwait(false);
        await ExpectAsync(store, 0, [0], all, "A value comes back changed.").ConfigureAwait(false);
        await ExpectAsync(store, 255, longest, [], "An empty value under a key of 255 bytes comes back as none, or changed.").ConfigureAwait(false);
        await ExpectAsync(store, 7, [0, 0], [0], "A zero byte comes back changed.").ConfigureAwait(false);
        await ExpectAsync(store, 7, [0], null, "A key that is the beginning of another is taken for it.").ConfigureAwait(false);
    }

    private static async Task LongestValue(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        byte[] value = new byte[StoreLimits.MaxValueSize];
        value[^1] = 1;
        await store.CommitAsync(lease, 0, [Put(1, [1], value)]).ConfigureAwait(false);
        await ExpectAsync(store, 1, [1], value, "A value of 16 MiB comes back changed.").ConfigureAwait(false);
    }

    private static async Task PutAndDelete(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        await store.CommitAsync(lease, 0, [Put(1, [1], [1]), Put(1, [2], [2])]).ConfigureAwait(false);
        await store.CommitAsync(lease, 1, [Put(1, [1], [3, 3]), new StoreChange(1, new byte[] { 2 }, null), new StoreChange(1, new byte[] { 9 }, null)])
            .ConfigureAwait(false);
        await ExpectAsync(store, 1, [1], [3, 3], "A value was not replaced.").ConfigureAwait(false);
        await ExpectAsync(store, 1, [2], null, "A record was not deleted.").ConfigureAwait(false);
        Expect((await store.ScanAsync(1, default, default, 10).ConfigureAwait(false)).Count == 1, "A scan finds what was deleted.");
    }

    private static async Task Tables(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        await store.CommitAsync(lease, 0, [Put(0, [1], [0]), Put(1, [1], [1]), Put(255, [1], [2])]).ConfigureAwait(false);
        await store.CommitAsync(lease, 1, [new StoreChange(1, new byte[] { 1 }, null)]).ConfigureAwait(false);
        await ExpectAsync(store, 0, [1], [0], "Another table's write shows.").ConfigureAwait(false);
        await ExpectAsync(store, 255, [1], [2], "Another table's write shows.").ConfigureAwait(false);
        Expect((await store.ScanAsync(0, default, default, 10).ConfigureAwait(false)).Count == 1, "A scan leaves its table.");
    }

    private static async Task ScanOrder(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        byte[][] keys = await FillAsync(store).ConfigureAwait(false);
        await ExpectKeysAsync(store, [], [], keys.Length + 5, keys, "All keys, in order").ConfigureAwait(false);
        await ExpectKeysAsync(store, [], [], 3, keys[..3], "The first three").ConfigureAwait(false);
        for (int i = 0; i < keys.Length; i++)
        {
            await ExpectKeysAsync(store, keys[i], [], 2, [.. keys.Skip(i + 1).Take(2)], "Two above a key").ConfigureAwait(false);
        }

        await ExpectKeysAsync(store, [127, 1], [], 1, [[127, 255]], "One above a key that is not there").ConfigureAwait(false);
        await ExpectAsync<ArgumentException>(
            async () => await store.ScanAsync(1, default, default, 0).ConfigureAwait(false), "A scan for no records is taken.").ConfigureAwait(false);
    }

    private static async Task ScanPrefix(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        byte[][] keys = await FillAsync(store).ConfigureAwait(false);
        foreach (byte[] prefix in new byte[][] { [0], [127], [128], [255], [255, 255], [0, 0], [9] })
        {
            byte[][] within = [.. keys.Where(key => key.AsSpan().StartsWith(prefix))];
            await ExpectKeysAsync(store, [], prefix, 100, within, "All with a prefix").ConfigureAwait(false);
            await ExpectKeysAsync(store, prefix, prefix, 1, [.. within.Where(key => key.Length > prefix.Length).Take(1)], "One above its prefix")
                .ConfigureAwait(false);
        }
    }

    private static async Task Copies(StoreTrial trial)
    {
        IE2EStore store = trial.Open();
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        byte[] key = [1];
        byte[] value = [1];
        await store.CommitAsync(lease, 0, [new StoreChange(1, key, value)]).ConfigureAwait(false);
        key[0] = 2;
        value[0] = 2;
        byte[]? read = await store.ReadAsync(1, new byte[] { 1 }).ConfigureAwait(false);
        Expect(read is [1], "A value or key changed with the caller's array.");
        read![0] = 3;
        await ExpectAsync(store, 1, [1], [1], "A value changed with an array that was given out.").ConfigureAwait(false);
    }

    private static async Task<byte[][]> FillAsync(IE2EStore store)
    {
        StoreLease lease = await TakeAsync(store).ConfigureAwait(false);
        byte[][] keys = [[0], [0, 0], [0, 1], [1], [127], [127, 255], [128], [254, 255], [255], [255, 0], [255, 255], [255, 255, 255]];
        await store.CommitAsync(lease, 0, [.. keys.Reverse().Select(key => Put(1, key, key))]).ConfigureAwait(false);
        return keys;
    }

    private static async Task ExpectKeysAsync(IE2EStore store, byte[] after, byte[] prefix, int max, byte[][] expected, string what)
    {
        IReadOnlyList<StoreRecord> found = await store.ScanAsync(1, after, prefix, max).ConfigureAwait(false);
        bool equal = found.Count == expected.Length;
        for (int i = 0; equal && i < expected.Length; i++)
        {
            equal = Convert.ToHexString(found[i].Key.Span) == Convert.ToHexString(expected[i])
                && Convert.ToHexString(found[i].Value.Span) == Convert.ToHexString(expected[i]);
        }

        Expect(equal, $"{what}: {string.Join(' ', found.Select(record => Convert.ToHexString(record.Key.Span)))} instead of "
            + $"{string.Join(' ', expected.Select(Convert.ToHexString))}.");
    }
}
