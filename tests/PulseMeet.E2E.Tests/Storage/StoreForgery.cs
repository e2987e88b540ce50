using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Storage;

/// <summary>Attack 56: whoever has the file changes it.</summary>
public sealed class StoreForgery : IDisposable
{
    /// <summary>Enough for a root above leaves.</summary>
    private const int Count = 18;

    private readonly MasterKey _key = MasterKey.Generate();

    [Fact]
    public async Task A_changed_byte_anywhere_in_the_store_is_refused()
    {
        RawStore raw = await RawStore.ReadAsync(await Stores.FilledAsync(_key, Count));
        Assert.Equal(Count, (await Stores.WritesAsync(await raw.With().WriteAsync(), _key)).Length);
        Assert.Equal(3, raw.Of(StoreTables.Nodes).Count());
        foreach (StoreChange record in raw.Records)
        {
            byte[] value = record.Value!.ToArray();
            for (int i = 0; i < value.Length; i++)
            {
                value[i] ^= 1;
                E2EError reason = await Stores.RefusalAsync(async () =>
                    await Stores.WritesAsync(await raw.With(record with { Value = value }).WriteAsync(), _key));
                Assert.True(
                    reason == E2EError.StoreDamaged || (reason == E2EError.WrongMasterKey && RawStore.IsSame(record, raw.Key)),
                    $"Table {record.Table}, byte {i}: {reason}");
                value[i] ^= 1;
            }
        }
    }

    [Fact]
    public async Task A_record_that_is_cut_short_lengthened_emptied_or_gone_is_refused()
    {
        RawStore raw = await RawStore.ReadAsync(await Stores.FilledAsync(_key, Count));
        foreach (StoreChange record in raw.Records)
        {
            byte[] value = record.Value!.ToArray();
            foreach (byte[]? other in new[] { value[..^1], [.. value, 0], [], null, value[..30], value[..26], value[..16] })
            {
                Assert.Equal(E2EError.StoreDamaged, await Stores.RefusalAsync(async () =>
                    await Stores.WritesAsync(await raw.With(record with { Value = other }).WriteAsync(), _key)));
            }
        }
    }

    [Fact]
    public async Task Two_records_that_were_swapped_are_refused()
    {
        RawStore raw = await RawStore.ReadAsync(await Stores.FilledAsync(_key, Count));
        StoreChange[] records = [.. raw.Of(StoreTables.Records)];
        for (int i = 1; i < records.Length; i++)
        {
            StoreChange[] swapped = [records[0] with { Value = records[i].Value }, records[i] with { Value = records[0].Value }];
            Assert.Equal(E2EError.StoreDamaged, await Stores.RefusalAsync(async () =>
                await Stores.WritesAsync(await raw.With(swapped).WriteAsync(), _key)));
        }
    }

    [Fact]
    public async Task No_old_record_can_be_put_back_though_it_is_genuine_and_has_its_own_revision()
    {
        InMemoryStore store = await Stores.FilledAsync(_key, Count);
        RawStore before = await RawStore.ReadAsync(store);
        await using (SealedStore opened = await Stores.OpenAsync(store, _key))
        {
            await opened.CommitAsync(Stores.Batch(Enumerable.Range(0, Count), write: 1));
        }

        RawStore after = await RawStore.ReadAsync(store);
        Assert.All(await Stores.WritesAsync(store, _key), write => Assert.Equal(1, write));
        Assert.Equal(before.Records.Count, after.Records.Count);
        foreach (StoreChange old in before.Records.Where(record => !RawStore.IsSame(record, before.Key)))
        {
            Assert.Equal(E2EError.StoreDamaged, await Stores.RefusalAsync(async () =>
                await Stores.WritesAsync(await after.With(old).WriteAsync(), _key)));
        }

        // All but the head; all records; all nodes; the head with its own revision.
        foreach (RawStore mixed in new[]
        {
            after.With(before.Records.Where(record => !RawStore.IsSame(record, before.Head))), after.With(before.Of(StoreTables.Records)),
            after.With(before.Of(StoreTables.Nodes)), after.With(before.Head).WithRevision(before.Revision),
        })
        {
            Assert.Equal(E2EError.StoreDamaged, await Stores.RefusalAsync(async () =>
                await Stores.WritesAsync(await mixed.WriteAsync(), _key)));
        }
    }

    [Fact]
    public async Task A_record_that_was_deleted_cannot_be_put_back()
    {
        InMemoryStore store = await Stores.FilledAsync(_key, Count);
        RawStore before = await RawStore.ReadAsync(store);
        await using (SealedStore opened = await Stores.OpenAsync(store, _key))
        {
            await opened.CommitAsync(new StoreBatch().Delete(Stores.Table, Stores.KeyOf(3)));
        }

        RawStore after = await RawStore.ReadAsync(store);
        StoreChange deleted = before.Of(StoreTables.Records).Single(old => !after.Records.Any(now => RawStore.IsSame(old, now)));
        await using SealedStore again = await Stores.OpenAsync(await after.With(deleted).WriteAsync(), _key);
        Assert.Null(await again.ReadAsync(Stores.Table, Stores.KeyOf(3)));
        Assert.Equal(Count - 1, (await again.ScanAsync(Stores.Table, default, default, int.MaxValue)).Count);
    }

    [Fact]
    public async Task A_store_that_was_rolled_back_as_a_whole_opens_and_its_revision_says_so()
    {
        InMemoryStore store = await Stores.FilledAsync(_key, Count);
        InMemoryStore yesterday = store.Copy();
        long anchor;
        await using (SealedStore opened = await Stores.OpenAsync(store, _key))
        {
            anchor = await opened.CommitAsync(Stores.Batch([3], write: 1));
        }

        await using SealedStore restored = await Stores.OpenAsync(yesterday, _key);
        Assert.Equal(anchor - 1, restored.Revision);
    }

    [Fact]
    public async Task A_wrong_master_key_is_told_apart_from_damage_and_overwrites_nothing()
    {
        InMemoryStore store = await Stores.FilledAsync(_key, Count);
        RawStore before = await RawStore.ReadAsync(store);
        using MasterKey other = MasterKey.Generate();

        Assert.Equal(E2EError.WrongMasterKey, await Stores.RefusalAsync(() => Stores.OpenAsync(store, other)));

        Assert.True(before.IsEqualTo(await RawStore.ReadAsync(store)));
        Assert.Equal(Count, (await Stores.WritesAsync(store, _key)).Length);
    }

    [Fact]
    public async Task A_store_whose_key_is_gone_is_not_taken_for_an_empty_one()
    {
        RawStore raw = await RawStore.ReadAsync(await Stores.FilledAsync(_key, Count));
        StoreChange gone = raw.Key with { Value = null };
        foreach (RawStore without in new[] { raw.With(gone), raw.With(raw.Records.Select(record => record with { Value = null })) })
        {
            InMemoryStore store = await without.WriteAsync();
            Assert.Equal(E2EError.StoreDamaged, await Stores.RefusalAsync(() => Stores.OpenAsync(store, _key)));
            Assert.True(without.IsEqualTo(await RawStore.ReadAsync(store)));
        }
    }

    [Fact]
    public async Task After_a_change_of_the_master_key_the_new_one_alone_opens_the_store_also_with_the_old_wrapping_put_back()
    {
        InMemoryStore store = await Stores.FilledAsync(_key, Count);
        RawStore before = await RawStore.ReadAsync(store);
        using MasterKey next = MasterKey.Generate();
        await using (SealedStore opened = await Stores.OpenAsync(store, _key))
        {
            long revision = await opened.ChangeMasterKeyAsync(next);
            Assert.Equal(before.Revision + 1, revision);
            await opened.CommitAsync(Stores.Batch([2], write: 1));
        }

        Assert.Equal(1, (await Stores.WritesAsync(store, next))[2]);
        Assert.Equal(E2EError.WrongMasterKey, await Stores.RefusalAsync(() => Stores.OpenAsync(store, _key)));
        RawStore after = await RawStore.ReadAsync(store);
        Assert.Equal(E2EError.StoreDamaged, await Stores.RefusalAsync(async () =>
            await Stores.OpenAsync(await after.With(before.Key).WriteAsync(), _key)));
    }

    [Fact]
    public async Task The_store_beneath_sees_neither_names_nor_contents_and_no_bytes_twice()
    {
        var store = new InMemoryStore();
        byte[] name = "conversation with bob"u8.ToArray();
        byte[] content = "a session's state, which is long enough to be found"u8.ToArray();
        await using SealedStore opened = await Stores.OpenAsync(store, _key);
        await opened.CommitAsync(new StoreBatch().Put(Stores.Table, name, content));
        RawStore first = await RawStore.ReadAsync(store);
        await opened.CommitAsync(new StoreBatch().Put(Stores.Table, name, content));
        RawStore second = await RawStore.ReadAsync(store);

        Assert.All(second.Records, record =>
        {
            Assert.Equal(-1, record.Value.AsSpan().IndexOf(content.AsSpan(0, 8)));
            Assert.Equal(-1, record.Value.AsSpan().IndexOf("conversation"u8));
            Assert.Equal(-1, record.Key.Span.IndexOf("conversation"u8));
        });
        Assert.DoesNotContain(
            first.Of(StoreTables.Records), one => second.Of(StoreTables.Records).Any(other => one.Value.AsSpan().SequenceEqual(other.Value)));
        Assert.DoesNotContain(System.Text.Encoding.UTF8.GetString(content), (await opened.ReadAsync(Stores.Table, name))!.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => _key.Dispose();
}
