using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Sqlite.Tests.Disk;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Sqlite.Tests;

/// <summary>Attacks 42, 51 and 56 on the disk: full at any write, read-only, and without power at any.</summary>
public sealed class DiskFaults : IDisposable
{
    private const int Batches = 8;

    private readonly MasterKey _key = MasterKey.Generate();

    [Theory]
    [InlineData(SqliteDurability.Full, 1)]
    [InlineData(SqliteDurability.Relaxed, 0)]
    public async Task A_batch_costs_one_sync_and_a_relaxed_one_none(SqliteDurability durability, int expected)
    {
        using var folder = new Folder();
        WatchedDisk disk = Watch(folder);
        await using var file = new SqliteStore(folder.Database, Options(durability));
        await using SealedStore store = await Filled.OpenAsync(file, _key);
        for (int n = 1; n <= 20; n++)
        {
            int before = disk.Syncs;
            await Filled.CommitAsync(store, n);
            Assert.Equal(expected, disk.Syncs - before);
        }

        Task<long>[] together = [.. Enumerable.Range(21, 100).Select(n => Filled.CommitAsync(store, n))];
        int waiting = disk.Syncs;
        await Task.WhenAll(together);
        Assert.InRange(disk.Syncs - waiting, 0, 10 * expected);
    }

    [Fact]
    public async Task After_a_loss_of_power_behind_any_step_every_batch_that_was_answered_is_there_whole()
    {
        using var folder = new Folder();
        IReadOnlyList<DiskStep> steps = await StoryAsync(folder, SqliteDurability.Full);
        Assert.InRange(steps.Count, 50, 5000);
        var random = new Random(1);
        for (int until = 0; until <= steps.Count; until++)
        {
            int acknowledged = until == 0 ? 0 : steps[until - 1].Acknowledged;
            int mode = until % 3;
            int found = await RestartAsync(folder, WatchedDisk.After(steps, until, i => mode == 1 || (mode == 2 && random.Next(2) == 0)));
            Assert.InRange(found, acknowledged, acknowledged + 1);
        }
    }

    [Fact]
    public async Task With_relaxed_durability_a_loss_of_power_leaves_an_older_whole_store()
    {
        using var folder = new Folder();
        IReadOnlyList<DiskStep> steps = await StoryAsync(folder, SqliteDurability.Relaxed);
        for (int until = 0; until <= steps.Count; until += 3)
        {
            int acknowledged = until == 0 ? 0 : steps[until - 1].Acknowledged;
            Assert.InRange(await RestartAsync(folder, WatchedDisk.After(steps, until, _ => false)), 0, acknowledged + 1);
        }
    }

    [Fact]
    public async Task A_disk_that_is_full_at_any_write_fails_that_batch_alone_and_leaves_the_store_whole()
    {
        for (int step = 0; ; step++)
        {
            using var folder = new Folder();
            WatchedDisk disk = Watch(folder);
            await using var file = new SqliteStore(folder.Database, Options(SqliteDurability.Full));
            await using SealedStore store = await Filled.OpenAsync(file, _key);
            await Filled.CommitAsync(store, 1);
            disk.Refuse(step, 1, WatchedDisk.Full);

            int last = 1;
            int failures = 0;
            while (last < 4)
            {
                try
                {
                    await Filled.CommitAsync(store, last + 1);
                    last++;
                }
                catch (E2EException e) when (e.Reason == E2EError.StoreFailed)
                {
                    failures++;
                    Assert.Equal(last, await Filled.CheckAsync(store));
                }
            }

            Assert.Equal(disk.HasRefused ? 1 : 0, failures);
            Assert.Equal(4, await Filled.CheckAsync(store));
            if (!disk.HasRefused)
            {
                Assert.True(step > 5);
                break;
            }
        }
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_fails_with_its_reason_and_is_left_as_it_is()
    {
        using var folder = new Folder();
        WatchedDisk disk = Watch(folder);
        await Filled.FillAsync(folder.Database, _key, 3, Options(SqliteDurability.Full));
        byte[] before = await File.ReadAllBytesAsync(folder.Database);
        disk.Refuse(0, int.MaxValue, WatchedDisk.ReadOnly);

        Assert.Equal(
            E2EError.StoreFailed,
            await Filled.RefusalAsync(() => Filled.FillAsync(folder.Database, _key, 3, Options(SqliteDurability.Full))));

        Assert.Equal(before, await File.ReadAllBytesAsync(folder.Database));
        Assert.Equal(3, await Filled.CheckAsync(folder.Database, _key));
    }

    public void Dispose() => _key.Dispose();

    private static WatchedDisk Watch(Folder folder)
    {
        var disk = new WatchedDisk();
        WatchedVfs.Watch(folder.Path, disk);
        return disk;
    }

    private static SqliteStoreOptions Options(SqliteDurability durability) =>
        new() { Durability = durability, Vfs = WatchedVfs.Name, MaxJournalAge = TimeSpan.FromHours(1) };

    /// <summary>A store is made, filled, its journal emptied in between, and closed.</summary>
    private async Task<IReadOnlyList<DiskStep>> StoryAsync(Folder folder, SqliteDurability durability)
    {
        WatchedDisk disk = Watch(folder);
        var options = Options(durability) with { MaxJournalSize = 60_000 };
        await using (var file = new SqliteStore(folder.Database, options))
        {
            await using SealedStore store = await Filled.OpenAsync(file, _key);
            for (int n = 1; n <= Batches; n++)
            {
                await Filled.CommitAsync(store, n);
                disk.Acknowledged = n;
            }
        }

        Assert.Equal(Batches, await Filled.CheckAsync(folder.Database, _key));
        return disk.Steps;
    }

    private async Task<int> RestartAsync(Folder watched, Dictionary<string, byte[]> files)
    {
        using var folder = new Folder();
        foreach ((string path, byte[] content) in files)
        {
            Assert.Equal(watched.Path, Path.GetDirectoryName(path));
            await File.WriteAllBytesAsync(Path.Combine(folder.Path, Path.GetFileName(path)), content);
        }

        return await Filled.CheckAsync(folder.Database, _key);
    }
}
