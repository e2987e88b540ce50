using Microsoft.Data.Sqlite;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Sqlite.Tests;

/// <summary>Attack 56 on files: cut short, emptied, another program's, locked, read-only.</summary>
public sealed class DamagedFiles : IDisposable
{
    private const int Batches = 200;

    private readonly Folder _folder = new();
    private readonly MasterKey _key = MasterKey.Generate();

    private string Database => _folder.Database;

    [Fact]
    public async Task A_file_that_was_cut_short_anywhere_is_refused_and_left_as_it_is()
    {
        await Filled.FillAsync(Database, _key, Batches);
        byte[] whole = await File.ReadAllBytesAsync(Database);
        Assert.True(whole.Length > 15 * 4096);
        int[] lengths = [0, 1, 50, 99, 100, 4095, .. Enumerable.Range(1, (whole.Length / 4096) - 1).Select(page => page * 4096), whole.Length - 1];
        foreach (int length in lengths)
        {
            await File.WriteAllBytesAsync(Database, whole[..length]);
            Assert.Equal(E2EError.StoreDamaged, await Filled.RefusalAsync(() => Filled.CheckAsync(Database, _key)));
            Assert.Equal(whole[..length], await File.ReadAllBytesAsync(Database));
        }

        File.Delete(Database);
        Assert.Equal(E2EError.StoreDamaged, await Filled.RefusalAsync(() => Filled.CheckAsync(Database, _key)));
        Assert.False(File.Exists(Database));
        await File.WriteAllBytesAsync(Database, whole);
        Assert.Equal(Batches, await Filled.CheckAsync(Database, _key));
    }

    [Fact]
    public async Task A_changed_byte_in_any_page_is_refused_or_was_no_part_of_any_record_and_nothing_false_is_read()
    {
        await Filled.FillAsync(Database, _key, Batches);
        byte[] whole = await File.ReadAllBytesAsync(Database);
        int refused = 0;
        for (int i = 100; i < whole.Length; i += 1021)
        {
            byte[] changed = [.. whole];
            changed[i] ^= 255;
            await File.WriteAllBytesAsync(Database, changed);
            try
            {
                Assert.Equal(Batches, await Filled.CheckAsync(Database, _key));
            }
            catch (E2EException e)
            {
                Assert.Contains(e.Reason, new[] { E2EError.StoreDamaged, E2EError.WrongMasterKey, E2EError.UnsupportedVersion });
                refused++;
            }

            foreach (string beside in new[] { "-wal", "-shm" })
            {
                File.Delete(Database + beside);
            }
        }

        Assert.True(refused > whole.Length / 1021 / 3, $"Only {refused} changes were noticed.");
    }

    [Fact]
    public async Task Another_programs_file_is_refused_and_left_as_it_is()
    {
        await File.WriteAllTextAsync(Database, "Not a database, but long enough to be one: " + new string('x', 5000));
        byte[] text = await File.ReadAllBytesAsync(Database);
        Assert.Equal(E2EError.StoreDamaged, await Filled.RefusalAsync(() => Filled.CheckAsync(Database, _key)));
        Assert.Equal(text, await File.ReadAllBytesAsync(Database));

        File.Delete(Database);
        Execute("CREATE TABLE contacts (name TEXT)");
        byte[] other = await File.ReadAllBytesAsync(Database);
        Assert.Equal(E2EError.StoreDamaged, await Filled.RefusalAsync(() => Filled.CheckAsync(Database, _key)));
        Assert.Equal(other, await File.ReadAllBytesAsync(Database));
    }

    [Fact]
    public async Task A_later_versions_file_is_refused_as_such()
    {
        await Filled.FillAsync(Database, _key, 1);
        Execute("PRAGMA user_version = 2");
        Assert.Equal(E2EError.UnsupportedVersion, await Filled.RefusalAsync(() => Filled.CheckAsync(Database, _key)));
    }

    [Theory]
    [InlineData("PRAGMA user_version = 2", E2EError.UnsupportedVersion)]
    [InlineData("PRAGMA application_id = 7", E2EError.StoreDamaged)]
    public async Task What_the_lease_is_refused_for_is_not_read_without_one_either(string change, E2EError reason)
    {
        await Filled.FillAsync(Database, _key, 1);
        Execute(change);
        await using var store = new SqliteStore(Database);
        Assert.Equal(reason, await Filled.RefusalAsync(async () => await store.AcquireAsync("test", handover: false)));
        Assert.Equal(reason, await Filled.RefusalAsync(async () => await store.ReadAsync(0, new byte[] { 1 })));
        Assert.Equal(reason, await Filled.RefusalAsync(async () => await store.ScanAsync(0, default, default, 10)));
    }

    [Fact]
    public async Task A_file_in_which_no_table_is_yet_reads_as_nothing()
    {
        Execute("PRAGMA page_size = 4096; VACUUM");
        await using var store = new SqliteStore(Database);
        Assert.Null(await store.ReadAsync(0, new byte[] { 1 }));
        Assert.Empty(await store.ScanAsync(0, default, default, 10));
    }

    [Fact]
    public async Task A_wrong_master_key_overwrites_nothing()
    {
        await Filled.FillAsync(Database, _key, 5);
        using MasterKey other = MasterKey.Generate();
        Assert.Equal(E2EError.WrongMasterKey, await Filled.RefusalAsync(() => Filled.CheckAsync(Database, other)));
        Assert.Equal(5, await Filled.CheckAsync(Database, _key));
    }

    [Fact]
    public async Task While_another_program_has_locked_the_file_batches_fail_and_afterwards_go_on()
    {
        var options = new SqliteStoreOptions { BusyTimeout = TimeSpan.FromSeconds(1) };
        await using var file = new SqliteStore(Database, options);
        await using SealedStore store = await Filled.OpenAsync(file, _key);
        await Filled.CommitAsync(store, 1);
        using (SqliteConnection browser = Connect())
        {
            Execute(browser, "BEGIN IMMEDIATE");
            Assert.Equal(E2EError.StoreFailed, await Filled.RefusalAsync(() => Filled.CommitAsync(store, 2)));
            Assert.Equal(1, await Filled.CheckAsync(store));
            Execute(browser, "COMMIT");
        }

        await Filled.CommitAsync(store, 2);
        Assert.Equal(2, await Filled.CheckAsync(store));
    }

    [Fact]
    public async Task A_file_that_another_program_has_locked_is_in_use()
    {
        await Filled.FillAsync(Database, _key, 1);
        using SqliteConnection browser = Connect();
        Execute(browser, "BEGIN IMMEDIATE");
        await using var file = new SqliteStore(Database, new SqliteStoreOptions { BusyTimeout = TimeSpan.FromSeconds(1) });
        Assert.Equal(E2EError.StoreInUse, await Filled.RefusalAsync(() => Filled.OpenAsync(file, _key)));
        Execute(browser, "COMMIT");
        await using SealedStore store = await Filled.OpenAsync(file, _key);
        Assert.Equal(1, await Filled.CheckAsync(store));
    }

    [Fact]
    public async Task A_folder_that_is_not_there_or_takes_no_file_is_a_failure()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder.Path, "folder")).FullName;
        foreach (string path in new[] { Path.Combine(_folder.Path, "none", "chat.db"), folder })
        {
            await using var file = new SqliteStore(path);
            E2EError reason = await Filled.RefusalAsync(() => Filled.OpenAsync(file, _key));
            Assert.True(reason is E2EError.StoreFailed, $"{path}: {reason}");
        }
    }

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        return connection;
    }

    private void Execute(string text)
    {
        using SqliteConnection connection = Connect();
        Execute(connection, text);
    }

    private static void Execute(SqliteConnection connection, string text)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }
}
