using System.Reflection;
using System.Security.Cryptography;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Tests.Storage;

/// <summary>What stays in memory is what the store has, and never an earlier write.</summary>
public sealed class RecordsAtHand : IDisposable
{
    private readonly MasterKey _key = MasterKey.Generate();

    [Fact]
    public async Task A_record_that_was_read_is_read_as_it_was_written_since_or_not_at_all()
    {
        InMemoryStore store = await Stores.FilledAsync(_key, 40);
        await using SealedStore opened = await Stores.OpenAsync(store, _key);
        for (int i = 0; i < 40; i++)
        {
            Assert.Equal(Stores.ValueOf(i, 0), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(i)))!.Value);
        }

        await opened.CommitAsync(Stores.Batch([3], write: 1));
        await opened.CommitAsync(new StoreBatch().Delete(Stores.Table, Stores.KeyOf(4)));
        await opened.CommitAsync(new StoreBatch().Put(Stores.Table, Stores.KeyOf(5), new byte[RecentRecords.MaxSize + 1]));

        Assert.Equal(Stores.ValueOf(3, 1), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(3)))!.Value);
        Assert.Null(await opened.ReadAsync(Stores.Table, Stores.KeyOf(4)));
        Assert.Equal(RecentRecords.MaxSize + 1, (await opened.ReadAsync(Stores.Table, Stores.KeyOf(5)))!.Value.Length);
        Assert.Equal(Stores.ValueOf(6, 0), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(6)))!.Value);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_write_that_failed_is_read_as_the_store_has_it(bool hasWritten)
    {
        InMemoryStore inner = await Stores.FilledAsync(_key, 40);
        var store = new CrashingStore(inner);
        await using SealedStore opened = await Stores.OpenAsync(store, _key);
        Assert.Equal(Stores.ValueOf(3, 0), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(3)))!.Value);

        store.Plan(1, hasWritten ? StoreFault.FailAfter : StoreFault.FailBefore);
        await Assert.ThrowsAnyAsync<E2EException>(() => opened.CommitAsync(Stores.Batch([3], write: 1)));

        Assert.Equal(Stores.ValueOf(3, hasWritten ? 1 : 0), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(3)))!.Value);
    }

    /// <summary>The value that is given out is the caller's, who zeroes it.</summary>
    [Fact]
    public async Task Whoever_zeroes_what_was_read_zeroes_nobody_elses()
    {
        InMemoryStore store = await Stores.FilledAsync(_key, 10);
        await using SealedStore opened = await Stores.OpenAsync(store, _key);
        for (int i = 0; i < 3; i++)
        {
            OpenedRecord read = (await opened.ReadAsync(Stores.Table, Stores.KeyOf(1)))!;
            Assert.Equal(Stores.ValueOf(1, 0), read.Value);
            Array.Clear(read.Value);
        }
    }

    [Fact]
    public void A_record_is_found_for_the_write_that_the_tree_names_and_the_longest_unused_goes_first()
    {
        using var recent = new RecentRecords();
        byte[] salt = new byte[RecordSeal.SaltSize];
        byte[] other = [.. salt[1..], 1];
        for (int i = 0; i < RecentRecords.MaxRecords; i++)
        {
            Add(i);
        }

        Assert.Null(recent.Find(new TreeEntry(Name(0), other, 0)));
        Assert.NotNull(recent.Find(new TreeEntry(Name(0), salt, 0)));
        Add(RecentRecords.MaxRecords);
        Assert.NotNull(recent.Find(new TreeEntry(Name(0), salt, 0)));
        Assert.Null(recent.Find(new TreeEntry(Name(1), salt, 0)));

        recent.Written(Name(0), other, 2, ReadOnlyMemory<byte>.Empty);
        Assert.Null(recent.Find(new TreeEntry(Name(0), salt, 0)));
        Assert.Empty(recent.Find(new TreeEntry(Name(0), other, 0))!.Value);
        recent.Written(Name(0), salt, 3, null);
        Assert.Null(recent.Find(new TreeEntry(Name(0), other, 0)));

        void Add(int i) => recent.Add(Name(i), new OpenedRecord(Stores.KeyOf(i), Stores.ValueOf(i, 0), 1, salt));
        static byte[] Name(int i) => StoreName.Of(Stores.Table, Stores.KeyOf(i));
    }

    [Fact]
    public void What_was_overwritten_deleted_or_one_too_many_is_in_memory_no_more()
    {
        var recent = new RecentRecords();
        byte[] salt = new byte[RecordSeal.SaltSize];
        byte[][] secrets = [.. Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetBytes(40))];
        for (int i = 0; i < 4; i++)
        {
            recent.Add(Name(i), new OpenedRecord(Stores.KeyOf(i), secrets[i].ToArray(), 1, salt));
        }

        byte[][] memory = [.. Enumerable.Range(0, 4).Select(i => MemoryOf(recent, Name(i)))];
        Assert.Equal(secrets, memory);
        recent.Written(Name(0), salt, 2, RandomNumberGenerator.GetBytes(40));
        Assert.False(memory[0].AsSpan().SequenceEqual(secrets[0]));
        recent.Written(Name(1), salt, 2, RandomNumberGenerator.GetBytes(41));
        Assert.Equal(new byte[40], memory[1]);
        recent.Written(Name(2), salt, 2, null);
        Assert.Equal(new byte[40], memory[2]);
        for (int i = 4; i < 4 + RecentRecords.MaxRecords; i++)
        {
            recent.Add(Name(i), new OpenedRecord(Stores.KeyOf(i), [1], 1, salt));
        }

        Assert.Equal(new byte[40], memory[3]);
        byte[] last = MemoryOf(recent, Name(3 + RecentRecords.MaxRecords));
        recent.Dispose();
        Assert.Equal([0], last);

        static byte[] Name(int i) => StoreName.Of(Stores.Table, Stores.KeyOf(i));
    }

    public void Dispose() => _key.Dispose();

    /// <summary>The very bytes that are kept, which nobody is given.</summary>
    private static byte[] MemoryOf(RecentRecords recent, byte[] name)
    {
        object records = Field(recent, "_records");
        object node = records.GetType().GetProperty("Item")!.GetValue(records, [name])!;
        object kept = node.GetType().GetProperty("Value")!.GetValue(node)!;
        return (byte[])Field(kept.GetType().GetProperty("Value")!.GetValue(kept)!, "_bytes");

        static object Field(object of, string name) => of.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(of)!;
    }
}
