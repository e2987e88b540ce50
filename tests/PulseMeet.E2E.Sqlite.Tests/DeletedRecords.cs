using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Sqlite.Tests;

/// <summary>What was deleted is gone from the files.</summary>
public sealed class DeletedRecords : IDisposable
{
    private readonly Folder _folder = new();
    private readonly MasterKey _key = MasterKey.Generate();

    [Fact]
    public async Task Deleted_and_overwritten_records_and_old_nodes_are_in_neither_file_nor_journal_once_it_was_emptied()
    {
        await using var file = new SqliteStore(_folder.Database, new SqliteStoreOptions { MaxJournalAge = TimeSpan.FromHours(1) });
        StoreLease lease = await file.AcquireAsync("test", handover: false);
        byte[][] old = [.. Enumerable.Range(0, 200).Select(i => Enumerable.Range(0, 60 + (i * 7)).Select(j => (byte)(i + (j * 31))).ToArray())];
        await file.CommitAsync(lease, 0, [.. old.Select((value, i) => new StoreChange(1, new byte[] { (byte)i }, value))]);
        await file.EmptyJournalAsync(lease);
        Assert.All(old, value => Assert.True(Contains(value)));

        await file.CommitAsync(lease, 1, [.. old.Select((_, i) => new StoreChange(1, new byte[] { (byte)i }, i % 2 == 0 ? null : [1]))]);
        await file.EmptyJournalAsync(lease);

        Assert.All(old, value => Assert.False(Contains(value)));
    }

    [Fact]
    public async Task The_journal_is_emptied_by_itself_after_its_age_and_when_the_lease_is_given_back()
    {
        byte[] old = [.. Enumerable.Range(0, 300).Select(i => (byte)(i * 31))];
        await using var file = new SqliteStore(_folder.Database, new SqliteStoreOptions { MaxJournalAge = TimeSpan.Zero });
        StoreLease lease = await file.AcquireAsync("test", handover: false);
        await file.CommitAsync(lease, 0, [new StoreChange(1, new byte[] { 1 }, old)]);
        await file.CommitAsync(lease, 1, [new StoreChange(1, new byte[] { 1 }, null)]);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (Contains(old))
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        await file.ReleaseAsync(lease);
        await using var slow = new SqliteStore(_folder.Database, new SqliteStoreOptions { MaxJournalAge = TimeSpan.FromHours(1) });
        lease = await slow.AcquireAsync("test", handover: false);
        await slow.CommitAsync(lease, 2, [new StoreChange(1, new byte[] { 1 }, old)]);
        await slow.CommitAsync(lease, 3, [new StoreChange(1, new byte[] { 1 }, null)]);
        Assert.True(Contains(old));
        await slow.ReleaseAsync(lease);
        Assert.False(Contains(old));
    }

    [Fact]
    public async Task A_long_journal_is_emptied_by_the_batch_that_made_it_so()
    {
        await using var file = new SqliteStore(
            _folder.Database, new SqliteStoreOptions { MaxJournalAge = TimeSpan.FromHours(1), MaxJournalSize = 100_000 });
        StoreLease lease = await file.AcquireAsync("test", handover: false);
        for (int i = 0; i < 100; i++)
        {
            await file.CommitAsync(lease, i, [new StoreChange(1, new byte[] { 1 }, new byte[5000])]);
            Assert.InRange(new FileInfo(_folder.Database + "-wal").Length, 0, 140_000);
        }
    }

    [Fact]
    public async Task After_wiping_no_record_is_in_any_file()
    {
        await Filled.FillAsync(_folder.Database, _key, 50);
        await using var raw = new SqliteStore(_folder.Database);
        List<byte[]> records = [];
        for (byte table = 0; table < 3; table++)
        {
            records.AddRange((await raw.ScanAsync(table, default, default, int.MaxValue)).Select(record => record.Value.ToArray()));
        }

        Assert.All(records, record => Assert.True(Contains(record.AsSpan(0, 25).ToArray())));
        SealedStore store = await Filled.OpenAsync(raw, _key);
        await store.WipeAsync();
        Assert.All(records, record => Assert.False(Contains(record.AsSpan(0, 25).ToArray())));
        Assert.InRange(new FileInfo(_folder.Database).Length, 1, 5 * 4096);
    }

    [Fact]
    public async Task After_a_change_of_the_master_key_the_old_wrapping_is_gone_and_the_change_survives_reopening()
    {
        using MasterKey next = MasterKey.Generate();
        await Filled.FillAsync(_folder.Database, _key, 3);
        byte[] wrapping;
        await using (var file = new SqliteStore(_folder.Database))
        {
            wrapping = (await file.ReadAsync(StoreTables.Roots, StoreTables.KeyRecord))!;
            await using SealedStore store = await Filled.OpenAsync(file, _key);
            Assert.True(Contains(wrapping));
            await store.ChangeMasterKeyAsync(next);
        }

        Assert.False(Contains(wrapping));
        Assert.Equal(E2EError.WrongMasterKey, await Filled.RefusalAsync(() => Filled.CheckAsync(_folder.Database, _key)));
        Assert.Equal(3, await Filled.CheckAsync(_folder.Database, next));
    }

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    /// <summary>Whether a part of a value, as long as pages leave it in one piece, is in any file.</summary>
    private bool Contains(byte[] value)
    {
        byte[] part = value.Length <= 40 ? value : value.AsSpan(value.Length - 40).ToArray();
        return Directory.GetFiles(_folder.Path).Where(path => !path.EndsWith("-lock", StringComparison.Ordinal)).Any(path =>
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] content = new byte[file.Length];
            int read = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return content.AsSpan(0, read).IndexOf(part) >= 0;
        });
    }
}
