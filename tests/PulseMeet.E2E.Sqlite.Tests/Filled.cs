using System.Buffers.Binary;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Sqlite.Tests;

/// <summary>Sealed stores in files: batch n puts n under two keys that have to agree, and under one of its own.</summary>
internal static class Filled
{
    /// <summary>The record that every batch writes.</summary>
    public static byte[] Latest => [1];

    public static Task<SealedStore> OpenAsync(IE2EStore store, MasterKey key, bool handover = false) =>
        SealedStore.OpenAsync(store, key, "test", handover);

    public static Task<long> CommitAsync(SealedStore store, int n)
    {
        byte[] value = new byte[200];
        BinaryPrimitives.WriteInt32BigEndian(value, n);
        byte[] own = new byte[5];
        BinaryPrimitives.WriteInt32BigEndian(own.AsSpan(1), n);
        return store.CommitAsync(new StoreBatch().Put(1, Latest, value).Put(2, Latest, value).Put(3, own, value));
    }

    /// <summary>The last batch that is there; fails where a batch is there in part, or one before it is missing.</summary>
    public static async Task<int> CheckAsync(SealedStore store)
    {
        int latest = await ReadAsync(store, 1);
        Assert.Equal(latest, await ReadAsync(store, 2));
        IReadOnlyList<OpenedRecord> all = await store.ScanAsync(3, default, default, int.MaxValue);
        Assert.Equal(Enumerable.Range(1, latest), all.Select(record => BinaryPrimitives.ReadInt32BigEndian(record.Value)));
        return latest;
    }

    public static async Task FillAsync(string database, MasterKey key, int batches, SqliteStoreOptions? options = null)
    {
        await using var file = new SqliteStore(database, options);
        await using SealedStore store = await OpenAsync(file, key);
        for (int n = 1; n <= batches; n++)
        {
            await CommitAsync(store, n);
        }
    }

    public static async Task<int> CheckAsync(string database, MasterKey key)
    {
        await using var file = new SqliteStore(database);
        await using SealedStore store = await OpenAsync(file, key);
        return await CheckAsync(store);
    }

    public static async Task<E2EError> RefusalAsync(Func<Task> action) => (await Assert.ThrowsAsync<E2EException>(action)).Reason;

    private static async Task<int> ReadAsync(SealedStore store, byte table) =>
        await store.ReadAsync(table, Latest) is { } record ? BinaryPrimitives.ReadInt32BigEndian(record.Value) : 0;
}
