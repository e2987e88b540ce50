using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>An app's own store that throws what it likes: its caller sees one reason, nothing is lost, and the same client goes on once
/// the store does.</summary>
public sealed class AStoreOutsideItsContract
{
    [Theory]
    [InlineData("write and send", 1, false)]
    [InlineData("write and send", 4, true)]
    [InlineData("begin sessions and send", 2, true)]
    [InlineData("receive and take", 1, true)]
    [InlineData("receive and take", 4, false)]
    [InlineData("accept a request", 3, false)]
    public async Task Whichever_calls_fail_with_the_disks_own_exception_nothing_is_lost_and_the_client_goes_on(
        string operation, int length, bool afterwards)
    {
        int calls = 0;
        for (bool happened = true; happened; calls++)
        {
            (World world, Member alice, Member bob) = await ClientCrashes.BeginAsync();
            await using (world)
            {
                OutageStore? store = null;
                await alice.RestartAsync(inner => store = new OutageStore(inner, afterwards));
                store!.Plan(calls + 1, length);
                try
                {
                    await ClientCrashes.Operate(operation, world, alice, bob);
                }
                catch (E2EException exception)
                {
                    Assert.Equal(E2EError.StoreFailed, exception.Reason);
                    Assert.Same(store.Failure, exception.InnerException);
                }

                happened = store.HasHappened;
                store.End();
                await ClientCrashes.GoOnAsync(world, alice, bob);
                ClientCrashes.AssertWhole(world, alice, bob, $"{operation}, {length} from call {calls + 1}");
            }
        }

        Assert.InRange(calls, 10, 400);
    }

    /// <summary>First contact uses a prekey up: what was used up in memory alone has to be there again, also where it could not be read at once.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_first_message_that_could_not_be_stored_is_opened_when_it_comes_again(bool afterwards)
    {
        int calls = 0;
        for (bool happened = true; happened; calls++)
        {
            await using var world = new World();
            Member alice = await world.SignUpAsync("alice");
            Member bob = await world.SignUpAsync("bob");
            await alice.Client.AcceptAsync("bob");
            await bob.Client.AcceptAsync("alice");
            await bob.SayAsync("alice", "first");
            await bob.SyncAsync();
            OutageStore? store = null;
            await alice.RestartAsync(inner => store = new OutageStore(inner, afterwards));
            store!.Plan(calls + 1, 5);
            await Dying.DiesAsync(() => alice.Client.SynchronizeAsync());
            happened = store.HasHappened;
            store.End();
            await world.SettleAsync(3);
            Assert.Equal(["first"], alice.Texts);
            Assert.DoesNotContain(world.Members.SelectMany(member => member.Seen), e => e is MessagesMissing or MessageUnreadable or SessionRepaired);
        }

        Assert.InRange(calls, 10, 400);
    }

    [Fact]
    public async Task What_a_store_throws_for_its_contract_is_handed_on_and_what_it_cannot_mean_is_a_failure()
    {
        foreach (E2EError reason in Enum.GetValues<E2EError>())
        {
            bool isOfTheStore = reason is E2EError.StoreFailed or E2EError.StoreInUse or E2EError.StoreDamaged or E2EError.StoreConflict
                or E2EError.UnsupportedVersion;
            var store = new CheckedStore(new ThrowingStore(new E2EException(reason)));
            var refusal = await Assert.ThrowsAsync<E2EException>(() => store.AcquireAsync("test", handover: false));
            Assert.Equal(isOfTheStore ? reason : E2EError.StoreFailed, refusal.Reason);
        }

        // A cancellation of its own is no answer to a caller who has cancelled nothing.
        var cancelled = new CheckedStore(new ThrowingStore(new OperationCanceledException()));
        Assert.Equal(E2EError.StoreFailed, (await Assert.ThrowsAsync<E2EException>(() => cancelled.AcquireAsync("test", handover: false))).Reason);
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.AcquireAsync("test", handover: false, cancel.Token));

        var silent = new CheckedStore(new ThrowingStore(null));
        Assert.Equal(E2EError.StoreFailed, (await Assert.ThrowsAsync<E2EException>(() => silent.AcquireAsync("test", handover: false))).Reason);
        Assert.Equal(
            E2EError.StoreFailed,
            (await Assert.ThrowsAsync<E2EException>(async () => await silent.ScanAsync(0, default, default, 1))).Reason);
        Assert.Null(await silent.ReadAsync(0, new byte[1]));
    }

    /// <summary>Throws, or answers with nothing.</summary>
    private sealed class ThrowingStore(Exception? exception) : IE2EStore
    {
        public Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default) =>
            exception is null ? Task.FromResult<StoreLease>(null!) : throw exception;

        public Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => default;

        public ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
            byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max, CancellationToken cancellationToken = default) => default;

        public ValueTask CommitAsync(
            StoreLease lease, long expectedRevision, IReadOnlyList<StoreChange> changes, CancellationToken cancellationToken = default) => default;

        public Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public ValueTask DisposeAsync() => default;
    }
}
