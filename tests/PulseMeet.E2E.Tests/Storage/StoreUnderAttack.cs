using FsCheck.Xunit;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Storage;

/// <summary>A store that works against its owner while it is open, and over its whole life: batches that failed, copies, mixtures.</summary>
public sealed class StoreUnderAttack : IDisposable
{
    private const int Count = 18;

    private readonly MasterKey _key = MasterKey.Generate();

    /// <summary>Both batches have the same revision, and both are genuine.</summary>
    [Fact]
    public async Task A_batch_that_failed_does_not_come_back_in_the_place_of_the_one_that_was_answered()
    {
        var store = new EnemyStore(await Stores.FilledAsync(_key, Count));
        await using SealedStore opened = await Stores.OpenAsync(store, _key);
        store.KeepsAside = true;
        Assert.Equal(E2EError.StoreFailed, await Stores.RefusalAsync(() => opened.CommitAsync(Stores.Batch([3], write: 1))));
        InMemoryStore other = await store.WithWhatWasKeptAsideAsync();
        store.KeepsAside = false;
        long revision = await opened.CommitAsync(Stores.Batch([3], write: 2));

        store.Shown = other;
        Assert.Equal(E2EError.StoreDamaged, await Stores.RefusalAsync(async () => await opened.ReadAsync(Stores.Table, Stores.KeyOf(3))));

        store.Shown = store.Inner;
        Assert.Equal(Stores.ValueOf(3, 2), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(3)))!.Value);
        Assert.Equal(revision, opened.Revision);
    }

    [Fact]
    public async Task Of_a_batch_that_failed_what_the_store_then_shows_holds_and_the_other_outcome_does_not_come_back()
    {
        foreach (bool isWritten in new[] { false, true })
        {
            var store = new EnemyStore(await Stores.FilledAsync(_key, Count));
            await using SealedStore opened = await Stores.OpenAsync(store, _key);
            InMemoryStore before = store.Inner.Copy();
            (store.KeepsAside, store.Lies) = (!isWritten, isWritten);
            Assert.Equal(E2EError.StoreFailed, await Stores.RefusalAsync(() => opened.CommitAsync(Stores.Batch([3], write: 1))));
            InMemoryStore after = isWritten ? store.Inner.Copy() : await store.WithWhatWasKeptAsideAsync();
            Assert.Equal(Stores.ValueOf(3, isWritten ? 1 : 0), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(3)))!.Value);

            store.Shown = isWritten ? before : after;
            store.KeepsAside = true;
            Assert.Equal(E2EError.StoreFailed, await Stores.RefusalAsync(() => opened.CommitAsync(Stores.Batch([4], write: 2))));
            Assert.Equal(E2EError.StoreDamaged, await Stores.RefusalAsync(async () => await opened.ReadAsync(Stores.Table, Stores.KeyOf(3))));
        }
    }

    /// <summary>Attack 52: what another client has made of a copy is genuine, and has a higher revision.</summary>
    [Fact]
    public async Task What_somebody_else_made_of_a_copy_does_not_come_under_an_open_store()
    {
        var store = new EnemyStore(await Stores.FilledAsync(_key, Count));
        InMemoryStore copy = store.Inner.Copy();
        await using SealedStore opened = await Stores.OpenAsync(store, _key);
        await opened.CommitAsync(Stores.Batch([3, 4], write: 1));
        await using SealedStore twin = await Stores.OpenAsync(copy, _key);
        foreach ((int writes, int record, E2EError reason) in new[] { (1, 3, E2EError.StoreDamaged), (2, 4, E2EError.StoreInUse) })
        {
            while (twin.Revision < opened.Revision - 1 + writes)
            {
                await twin.CommitAsync(Stores.Batch([5], write: 2));
            }

            store.Shown = copy;
            Assert.Equal(reason, await Stores.RefusalAsync(async () => await opened.ReadAsync(Stores.Table, Stores.KeyOf(record))));
            store.Shown = store.Inner;
            Assert.Equal(Stores.ValueOf(record, 1), (await opened.ReadAsync(Stores.Table, Stores.KeyOf(record)))!.Value);
        }
    }

    /// <summary>Also where a lease says late that it is lost, and whatever of the tree is in memory.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task What_somebody_else_has_written_who_has_the_store_by_now_is_not_told_as_damage(bool tellsLosses, bool isInMemory)
    {
        var store = new EnemyStore(await Stores.FilledAsync(_key, Count)) { TellsLosses = tellsLosses };
        await using SealedStore first = await Stores.OpenAsync(store, _key);
        _ = isInMemory ? await first.ScanAsync(Stores.Table, default, default, Count) : [];
        await using SealedStore second = await Stores.OpenAsync(store.Inner, _key, handover: true);
        await second.CommitAsync(Stores.Batch([3], write: 1));
        Assert.Equal(E2EError.StoreInUse, await Stores.RefusalAsync(() => first.CommitAsync(Stores.Batch([3], write: 2))));
        Assert.Equal(tellsLosses, first.Lost.IsCancellationRequested);
        Assert.Equal(E2EError.StoreInUse, await Stores.RefusalAsync(async () => await first.ReadAsync(Stores.Table, Stores.KeyOf(3))));
        Assert.Equal(Stores.ValueOf(3, 1), (await second.ReadAsync(Stores.Table, Stores.KeyOf(3)))!.Value);
    }

    /// <summary>Of one batch, under one salt and so one key, and of one name: eight zero and other bytes are a record's table and key, and a node's number.</summary>
    [Fact]
    public async Task Neither_a_node_nor_the_head_opens_as_the_record_of_the_same_name_in_the_same_batch()
    {
        var store = new InMemoryStore();
        byte[] key = TreeNode.NameOf(1)[1..];
        await using (SealedStore opened = await Stores.OpenAsync(store, _key))
        {
            await opened.CommitAsync(new StoreBatch().Put(0, key, "a record"u8.ToArray()).Put((byte)'h', "ead"u8, "a record"u8.ToArray()));
        }

        RawStore raw = await RawStore.ReadAsync(store);
        StoreChange node = Assert.Single(raw.Of(StoreTables.Nodes));
        Assert.Equal(raw.Head.Value!.AsSpan(9, RecordSeal.SaltSize), node.Value!.AsSpan(9, RecordSeal.SaltSize));
        foreach (StoreChange record in raw.Of(StoreTables.Records))
        {
            foreach (byte[]? other in new[] { node.Value, raw.Head.Value })
            {
                InMemoryStore changed = await raw.With(record with { Value = other }).WriteAsync();
                Assert.Equal(E2EError.StoreDamaged, await Stores.RefusalAsync(async () =>
                {
                    await using SealedStore opened = await Stores.OpenAsync(changed, _key);
                    _ = await opened.ReadAsync(0, key);
                    _ = await opened.ReadAsync((byte)'h', "ead"u8.ToArray());
                }));
            }
        }
    }

    /// <summary>A batch's salt gives its key, and a number in it the nonce: for whoever seals two contents under both, AES-GCM is over.</summary>
    [Property(MaxTest = 40)]
    public async Task No_cipher_key_and_nonce_seals_two_contents_whatever_fails_is_put_back_or_runs_twice(int seed)
    {
        List<StoreChange> given = [];
        await LiveAsync(new Random(seed), given, []);
        Dictionary<string, byte[]> seals = [];
        foreach (StoreChange record in given)
        {
            // The wrapped root key has a check value before it, and is under the master key.
            bool isWrapped = record.Table == StoreTables.Roots && record.Key.Span.SequenceEqual(StoreTables.KeyRecord.Span);
            byte[] sealedBytes = record.Value![(isWrapped ? 16 : 0)..];
            string saltAndNumber = Convert.ToHexString(sealedBytes.AsSpan(9, RecordSeal.SaltSize + 4)) + isWrapped;
            Assert.True(seals.TryAdd(saltAndNumber, sealedBytes) || seals[saltAndNumber].AsSpan().SequenceEqual(sealedBytes));
        }

        Assert.InRange(seals.Count, 30, int.MaxValue);
    }

    /// <summary>Single records and nodes of any time and place, batches that failed and copies among them, in the place of those that are current.</summary>
    [Property(MaxTest = 150)]
    public async Task Whatever_mixture_lies_in_the_store_what_is_read_is_one_whole_state_that_was_written(int seed)
    {
        var random = new Random(seed);
        List<StoreChange> given = [];
        HashSet<string> states = [];
        RawStore now = await RawStore.ReadAsync(await LiveAsync(random, given, states));
        StoreChange[] mixed =
        [
            .. Enumerable.Range(0, random.Next(1, 6)).Select(_ =>
            {
                StoreChange place = now.Records[random.Next(now.Records.Count)];
                StoreChange[] others = [.. given.Where(other => random.Next(4) == 0 ? other.Table == place.Table : RawStore.IsSame(other, place))];
                return place with { Value = others.Length == 0 ? place.Value : others[random.Next(others.Length)].Value };
            }).DistinctBy(change => (change.Table, Convert.ToHexString(change.Key.Span))),
        ];
        InMemoryStore store = await now.With(mixed).WithRevision(now.Revision - random.Next(2)).WriteAsync();
        string state;
        try
        {
            state = await StateAsync(store);
        }
        catch (E2EException exception)
        {
            Assert.True(exception.Reason is E2EError.StoreDamaged or E2EError.WrongMasterKey);
            return;
        }

        Assert.Contains(state, states);
    }

    public void Dispose() => _key.Dispose();

    /// <summary>A store's life with failures, lies, copies that are put back, and second clients over one; notes all records and states.</summary>
    private async Task<InMemoryStore> LiveAsync(Random random, List<StoreChange> given, HashSet<string> states)
    {
        var current = new InMemoryStore();
        List<InMemoryStore> copies = [];
        for (int life = 0; life < 4; life++)
        {
            copies.Add(current.Copy());
            current = random.Next(3) == 0 ? copies[random.Next(copies.Count)].Copy() : current;
            InMemoryStore[] twins = random.Next(3) == 0 ? [current, current.Copy()] : [current];
            foreach (InMemoryStore twin in twins)
            {
                var store = new EnemyStore(twin);
                await using SealedStore opened = await Stores.OpenAsync(store, _key, handover: true);
                for (int batch = 0; batch < 5; batch++)
                {
                    store.KeepsAside = random.Next(4) == 0;
                    store.Lies = random.Next(4) == 0;
                    int first = random.Next(Count);
                    Task<long>[] commits = [.. Enumerable.Range(0, random.Next(1, 4)).Select(i => opened.CommitAsync(
                        Stores.Batch(Enumerable.Range(first, 7).Select(record => (record + i) % Count), write: random.Next(10))))];
                    await Task.WhenAll(commits.Select(commit => Record.ExceptionAsync(() => commit)));
                    if (store.KeepsAside)
                    {
                        states.Add(await StateAsync(await store.WithWhatWasKeptAsideAsync()));
                    }

                    states.Add(await StateAsync(twin.Copy()));
                }

                (store.KeepsAside, store.Lies) = (false, false);
                await opened.ChangeMasterKeyAsync(_key);
                given.AddRange(store.Given);
            }
        }

        states.Add(await StateAsync(current.Copy()));
        return current;
    }

    private async Task<string> StateAsync(InMemoryStore store)
    {
        await using SealedStore opened = await Stores.OpenAsync(store, _key, handover: true);
        IReadOnlyList<OpenedRecord> all = await opened.ScanAsync(Stores.Table, default, default, int.MaxValue);
        return string.Join(';', all.Select(record => Convert.ToHexString(record.Key.Span) + "=" + Convert.ToHexString(record.Value)));
    }
}
