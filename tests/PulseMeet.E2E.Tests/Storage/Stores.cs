using System.Buffers.Binary;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Storage;

/// <summary>Sealed stores for tests: each value says which record it is, and which write of it.</summary>
internal static class Stores
{
    public const byte Table = 7;

    public static Task<SealedStore> OpenAsync(IE2EStore store, MasterKey key, bool handover = false) =>
        SealedStore.OpenAsync(store, key, "test", handover);

    public static byte[] KeyOf(int i)
    {
        byte[] key = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(key, i);
        return key;
    }

    public static byte[] ValueOf(int i, int write) => System.Text.Encoding.UTF8.GetBytes($"record {i}, write {write}");

    public static StoreBatch Batch(IEnumerable<int> records, int write)
    {
        var batch = new StoreBatch();
        foreach (int i in records)
        {
            batch.Put(Table, KeyOf(i), ValueOf(i, write));
        }

        return batch;
    }

    /// <summary>A store with records from 0 on, written in batches of ten.</summary>
    public static async Task<InMemoryStore> FilledAsync(MasterKey key, int records, int write = 0)
    {
        var store = new InMemoryStore();
        await using SealedStore opened = await OpenAsync(store, key);
        foreach (int[] some in Enumerable.Range(0, records).Chunk(10))
        {
            await opened.CommitAsync(Batch(some, write));
        }

        return store;
    }

    public static async Task<int[]> WritesAsync(IE2EStore store, MasterKey key)
    {
        await using SealedStore opened = await OpenAsync(store, key);
        IReadOnlyList<OpenedRecord> all = await opened.ScanAsync(Table, default, default, int.MaxValue);
        return [.. all.Select((record, i) => System.Text.Encoding.UTF8.GetString(record.Value) switch
        {
            var text when text.StartsWith($"record {i}, write ", StringComparison.Ordinal) => text[^1] - '0',
            _ => throw new InvalidOperationException("Another record's content."),
        })];
    }

    public static async Task<E2EError> RefusalAsync(Func<Task> action) => (await Assert.ThrowsAsync<E2EException>(action)).Reason;
}
