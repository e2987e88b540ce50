using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Storage;

/// <summary>Batches from many callers, on a store that fails, is handed over, or is slow.</summary>
public sealed class StoreBatches : IDisposable
{
    private readonly MasterKey _key = MasterKey.Generate();

    [Fact]
    public async Task Batches_that_wait_for_a_slow_write_go_together_in_the_next_one_in_their_order()
    {
        var gate = new TaskCompletionSource();
        var store = new GatedStore(new InMemoryStore());
        await using SealedStore opened = await Stores.OpenAsync(store, _key);
        store.BeforeCommit = () => gate.Task;

        Task<long>[] commits = [.. Enumerable.Range(0, 100).Select(i => opened.CommitAsync(Stores.Batch([i % 10], write: i / 10)))];
        Assert.DoesNotContain(commits, commit => commit.IsCompleted);
        gate.SetResult();

        long[] revisions = await Task.WhenAll(commits);
        Assert.Equal(1 + 2, store.Commits);
        Assert.Equal(2, revisions[0]);
        Assert.All(revisions[1..], revision => Assert.Equal(3, revision));
        Assert.Equal(3, opened.Revision);
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(Stores.ValueOf(i, 9), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(i)))!.Value);
        }
    }

    [Fact]
    public async Task Readers_go_on_while_a_write_waits_for_the_disk_and_see_the_state_before_it()
    {
        var gate = new TaskCompletionSource();
        var store = new GatedStore(await Stores.FilledAsync(_key, 100));
        await using SealedStore opened = await Stores.OpenAsync(store, _key);
        store.BeforeCommit = () => gate.Task;
        Task<long> commit = opened.CommitAsync(Stores.Batch([5], write: 1));

        Assert.Equal(Stores.ValueOf(5, 0), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(5)))!.Value);

        gate.SetResult();
        await commit;
        Assert.Equal(Stores.ValueOf(5, 1), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(5)))!.Value);
    }

    [Fact]
    public async Task Thousands_of_interleaved_changes_of_shared_counters_lose_none()
    {
        const int Callers = 16;
        const int Each = 250;
        var store = new InMemoryStore();
        await using (SealedStore opened = await Stores.OpenAsync(store, _key))
        {
            await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
            {
                for (int i = 0; i < Each; i++)
                {
                    byte[] key = Stores.KeyOf((caller + i) % 5);
                    while (!await TryIncrementAsync(opened, key, caller, i))
                    {
                    }
                }
            })));
        }

        await using SealedStore again = await Stores.OpenAsync(store, _key);
        IReadOnlyList<OpenedRecord> counters = await again.ScanAsync(Stores.Table, default, default, 10);
        Assert.Equal(5, counters.Count);
        Assert.Equal(Callers * Each, counters.Sum(counter => BitConverter.ToInt32(counter.Value)));
        Assert.Equal(Callers * Each, (await again.ScanAsync(1, default, default, int.MaxValue)).Count);

        static async Task<bool> TryIncrementAsync(SealedStore opened, byte[] key, int caller, int i)
        {
            OpenedRecord? seen = await opened.ReadAsync(Stores.Table, key);
            int value = seen is null ? 0 : BitConverter.ToInt32(seen.Value);
            try
            {
                await opened.CommitAsync(new StoreBatch()
                    .Expect(Stores.Table, key, seen)
                    .Put(Stores.Table, key, BitConverter.GetBytes(value + 1))
                    .Put(1, System.Text.Encoding.UTF8.GetBytes($"{caller}/{i}"), Array.Empty<byte>()));
                return true;
            }
            catch (E2EException e) when (e.Reason == E2EError.StoreConflict)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_batch_on_a_record_that_is_another_one_by_now_writes_nothing_of_itself()
    {
        await using SealedStore opened = await Stores.OpenAsync(await Stores.FilledAsync(_key, 20), _key);
        OpenedRecord? seen = await opened.ReadAsync(Stores.Table, Stores.KeyOf(4));
        await opened.CommitAsync(Stores.Batch([4], write: 1));
        long revision = opened.Revision;

        Assert.Equal(E2EError.StoreConflict, await Stores.RefusalAsync(() =>
            opened.CommitAsync(Stores.Batch([4, 5], write: 2).Expect(Stores.Table, Stores.KeyOf(4), seen))));
        Assert.Equal(E2EError.StoreConflict, await Stores.RefusalAsync(() =>
            opened.CommitAsync(Stores.Batch([4, 5], write: 2).Expect(Stores.Table, Stores.KeyOf(4), null))));
        Assert.Equal(E2EError.StoreConflict, await Stores.RefusalAsync(() =>
            opened.CommitAsync(Stores.Batch([4, 5], write: 2).Expect(Stores.Table, Stores.KeyOf(99), seen))));

        Assert.Equal(revision, opened.Revision);
        Assert.Equal(Stores.ValueOf(5, 0), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(5)))!.Value);
        await opened.CommitAsync(Stores.Batch([5], write: 2).Expect(Stores.Table, Stores.KeyOf(99), null));
        Assert.Equal(Stores.ValueOf(5, 2), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(5)))!.Value);
    }

    /// <summary>Attack 42: before the write, or after it while the answer is lost.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_write_that_failed_the_store_reads_and_writes_again_as_it_is(bool written)
    {
        var store = new GatedStore(await Stores.FilledAsync(_key, 40));
        await using SealedStore opened = await Stores.OpenAsync(store, _key);
        Func<Task> fail = () => throw new E2EException(E2EError.StoreFailed);
        (store.BeforeCommit, store.AfterCommit) = written ? (store.BeforeCommit, fail) : (fail, store.AfterCommit);

        Assert.Equal(E2EError.StoreFailed, await Stores.RefusalAsync(() => opened.CommitAsync(Stores.Batch([7, 8], write: 1))));
        (store.BeforeCommit, store.AfterCommit) = (() => Task.CompletedTask, () => Task.CompletedTask);

        foreach (int i in new[] { 7, 8 })
        {
            Assert.Equal(Stores.ValueOf(i, written ? 1 : 0), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(i)))!.Value);
        }

        await opened.CommitAsync(Stores.Batch([8], write: 2));
        Assert.Equal(Stores.ValueOf(8, 2), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(8)))!.Value);
    }

    [Fact]
    public async Task A_batch_that_was_cancelled_before_its_turn_is_not_written_and_those_beside_it_are()
    {
        var gate = new TaskCompletionSource();
        var store = new GatedStore(new InMemoryStore());
        await using SealedStore opened = await Stores.OpenAsync(store, _key);
        store.BeforeCommit = () => gate.Task;
        using var cancel = new CancellationTokenSource();

        Task<long> first = opened.CommitAsync(Stores.Batch([1], write: 1));
        Task<long> cancelled = opened.CommitAsync(Stores.Batch([2], write: 1), cancel.Token);
        Task<long> last = opened.CommitAsync(Stores.Batch([3], write: 1));
        await cancel.CancelAsync();
        gate.SetResult();

        await first;
        await last;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Null(await opened.ReadAsync(Stores.Table, Stores.KeyOf(2)));
        Assert.Equal(2, (await opened.ScanAsync(Stores.Table, default, default, 10)).Count);
    }

    [Fact]
    public async Task A_damaged_place_fails_the_batches_that_need_it_and_none_beside_them()
    {
        InMemoryStore store = await Stores.FilledAsync(_key, 200);
        RawStore raw = await RawStore.ReadAsync(store);
        foreach (StoreChange node in raw.Of(StoreTables.Nodes).Where(node => !IsRoot(raw, node)))
        {
            byte[] value = node.Value!.ToArray();
            value[^1] ^= 1;
            var gated = new GatedStore(await raw.With(node with { Value = value }).WriteAsync());
            await using SealedStore opened = await Stores.OpenAsync(gated, _key);
            var gate = new TaskCompletionSource();
            gated.BeforeCommit = () => gate.Task;
            Task<long>[] commits = [.. Enumerable.Range(0, 200).Select(i => opened.CommitAsync(Stores.Batch([i], write: 1)))];
            gate.SetResult();

            E2EException?[] refusals = await Task.WhenAll(commits.Select(async commit => await Record.ExceptionAsync(() => commit) as E2EException));
            Assert.Contains(refusals, refusal => refusal is null);
            Assert.Contains(refusals, refusal => refusal?.Reason == E2EError.StoreDamaged);
            for (int i = 0; i < 200; i++)
            {
                Assert.Equal(refusals[i] is null, await Record.ExceptionAsync(async () => await opened.ReadAsync(Stores.Table, Stores.KeyOf(i))) is null);
            }
        }

        // Without the root there is nothing beside it.
        bool IsRoot(RawStore raw, StoreChange node)
        {
            using StoreKeys keys = WrappedRoot.Unwrap(_key, raw.Key.Value, out _);
            return node.Key.Span.SequenceEqual(TreeNode.NameOf(StoreHead.Open(keys, raw.Head.Value)!.RootNode));
        }
    }

    /// <summary>Attack 52.</summary>
    [Fact]
    public async Task A_second_holder_is_kept_out_or_gets_the_store_and_then_the_first_writes_nothing_more()
    {
        InMemoryStore store = await Stores.FilledAsync(_key, 20);
        await using SealedStore first = await Stores.OpenAsync(store, _key);
        Assert.Equal(E2EError.StoreInUse, await Stores.RefusalAsync(() => Stores.OpenAsync(store, _key)));
        await first.CommitAsync(Stores.Batch([1], write: 1));

        await using SealedStore second = await Stores.OpenAsync(store, _key, handover: true);
        Assert.True(first.Lost.IsCancellationRequested);
        await second.CommitAsync(Stores.Batch([1, 2], write: 2));
        Assert.Equal(E2EError.StoreInUse, await Stores.RefusalAsync(() => first.CommitAsync(Stores.Batch([1], write: 3))));

        Assert.Equal(Stores.ValueOf(1, 2), (await second.ReadAsync(Stores.Table, Stores.KeyOf(1)))!.Value);
        await second.CommitAsync(Stores.Batch([3], write: 2));
    }

    [Fact]
    public async Task A_store_that_is_closed_or_wiped_serves_no_more_and_a_wiped_one_is_new()
    {
        InMemoryStore store = await Stores.FilledAsync(_key, 20);
        SealedStore closed = await Stores.OpenAsync(store, _key);
        await closed.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await closed.ReadAsync(Stores.Table, Stores.KeyOf(1)));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => closed.CommitAsync(Stores.Batch([1], write: 1)));

        SealedStore opened = await Stores.OpenAsync(store, _key);
        await opened.WipeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => opened.CommitAsync(Stores.Batch([1], write: 1)));
        Assert.Empty((await RawStore.ReadAsync(store)).Records);
        using MasterKey other = MasterKey.Generate();
        await using SealedStore fresh = await Stores.OpenAsync(store, other);
        Assert.Equal(1, fresh.Revision);
        Assert.Null(await fresh.ReadAsync(Stores.Table, Stores.KeyOf(1)));
    }

    [Fact]
    public void A_batch_refuses_what_no_store_takes()
    {
        var batch = new StoreBatch().Put(1, [1], Array.Empty<byte>());
        Assert.Throws<ArgumentException>(() => batch.Put(1, [1], Array.Empty<byte>()));
        Assert.Throws<ArgumentException>(() => batch.Delete(1, [1]));
        Assert.Throws<ArgumentException>(() => batch.Delete(1, []));
        Assert.Throws<ArgumentException>(() => batch.Delete(1, new byte[256]));
        Assert.Throws<ArgumentException>(() => batch.Put(1, [2], new byte[StoreLimits.MaxValueSize]));
        batch.Put(2, [1], new byte[15 * 1024 * 1024]).Put(1, new byte[255], Array.Empty<byte>());
    }

    public void Dispose() => _key.Dispose();
}
