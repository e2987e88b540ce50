using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Tests.Storage;

/// <summary>The stores in memory keep the contract, and the suite finds those that do not.</summary>
public sealed class StoreContract
{
    public static TheoryData<string> Rules => [.. StoreConformance.Rules];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task The_store_in_memory_keeps_the_contract(string rule) =>
        Assert.Null(await Suite(() => new InMemoryStore()).CheckAsync(rule));

    [Fact]
    public async Task The_test_kits_stores_keep_the_contract_while_nothing_goes_wrong()
    {
        Assert.Empty(await Suite(() => new CrashingStore(new InMemoryStore())).RunAsync());
        Assert.Empty(await Suite(() => new PowerLossStore(3)).RunAsync());
    }

    [Theory]
    [InlineData("revision", "A batch on another revision is a conflict and writes nothing")]
    [InlineData("lease", "A lease that was given back can be taken, its generation rises, its batches are refused")]
    [InlineData("lease", "A handover takes the store from its holder, who is told and writes nothing more")]
    [InlineData("delete", "A put replaces, a deletion removes, a deletion of nothing is nothing")]
    [InlineData("max", "A scan gives the keys above one, in unsigned order, at most so many")]
    [InlineData("prefix", "A scan gives the keys that begin with a prefix")]
    [InlineData("order", "A scan gives the keys above one, in unsigned order, at most so many")]
    [InlineData("half", "A batch on another revision is a conflict and writes nothing")]
    [InlineData("wipe", "Wiping leaves an empty store at revision 0 that can be written")]
    [InlineData("table", "Tables are apart")]
    [InlineData("empty", "What was written is read byte for byte")]
    [InlineData("cancel", "A batch that was cancelled before it began writes nothing")]
    public async Task A_store_that_breaks_a_rule_is_told_which(string fault, string rule)
    {
        IReadOnlyList<BrokenRule> broken = await Suite(() => new FaultyStore(fault)).RunAsync();
        Assert.Contains(rule, broken.Select(one => one.Rule));
        Assert.NotEqual(StoreConformance.Rules.Count, broken.Count);
    }

    /// <summary>Attack 51 over the sealed records: every fault at every write of a device's story.</summary>
    [Fact]
    public async Task After_every_fault_at_every_write_the_sealed_store_is_as_before_the_batch_or_after_it()
    {
        using MasterKey key = MasterKey.Generate();
        using MasterKey next = MasterKey.Generate();
        int answered = 0;
        int tried = await CrashingStore.AtEveryWriteAsync(
            () => new InMemoryStore(),
            async store =>
            {
                answered = -1;
                await using SealedStore opened = await Stores.OpenAsync(store, key);
                for (answered = 0; answered < 5; answered++)
                {
                    await opened.CommitAsync(Stores.Batch(Enumerable.Range(0, 40), write: answered + 1));
                }

                await opened.ChangeMasterKeyAsync(next);
                answered++;
            },
            async store =>
            {
                bool changed = false;
                int[] writes;
                try
                {
                    writes = await Stores.WritesAsync(store, key);
                }
                catch (E2EException e) when (e.Reason == E2EError.WrongMasterKey)
                {
                    changed = true;
                    writes = await Stores.WritesAsync(store, next);
                }

                int batch = writes.Distinct().SingleOrDefault() + (changed ? 1 : 0);
                Assert.InRange(batch, Math.Max(answered, 0), answered + 1);
            });
        Assert.Equal(4 * 7, tried);
    }

    [Fact]
    public async Task A_loss_of_power_leaves_the_last_whole_store_that_was_synced_and_its_revision_says_so()
    {
        using MasterKey key = MasterKey.Generate();
        var store = new PowerLossStore(batchesPerSync: 4);
        SealedStore opened = await Stores.OpenAsync(store, key);
        for (int write = 1; write <= 9; write++)
        {
            await opened.CommitAsync(Stores.Batch([1, 2], write));
        }

        int lost = store.Unsynced;
        Assert.InRange(lost, 1, 3);
        long revision = opened.Revision;
        await store.LosePowerAsync();
        Assert.Equal(E2EError.StoreInUse, await Stores.RefusalAsync(() => opened.CommitAsync(Stores.Batch([1], 9))));

        await using SealedStore again = await Stores.OpenAsync(store, key);
        Assert.Equal(revision - lost, again.Revision);
        Assert.Equal(Stores.ValueOf(1, 9 - lost), (await again.ReadAsync(Stores.Table, Stores.KeyOf(1)))!.Value);
        Assert.Equal(Stores.ValueOf(2, 9 - lost), (await again.ReadAsync(Stores.Table, Stores.KeyOf(2)))!.Value);
    }

    private static StoreConformance Suite(Func<IE2EStore> create)
    {
        Dictionary<int, IE2EStore> places = [];
        return new StoreConformance(place => places.TryGetValue(place, out IE2EStore? store) ? store : places[place] = create());
    }
}
