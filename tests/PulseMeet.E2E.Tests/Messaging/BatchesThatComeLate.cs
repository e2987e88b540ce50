using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A batch that a store had said it could not write, and gives back at the next opening in the place of the one that was written then: attacks
/// 17 and 52, by a disk.</summary>
public sealed class BatchesThatComeLate
{
    [Fact]
    public async Task A_failed_batch_that_is_there_at_the_next_opening_in_the_place_of_the_last_one_is_noticed_as_an_old_store()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        Member carol = await world.SignUpAsync("carol");
        LateStore? store = null;
        await alice.RestartAsync(inner => store = new LateStore((InMemoryStore)inner));
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        await carol.Client.AcceptAsync("alice");
        await carol.SayAsync("alice", "hello");
        await carol.SyncAsync();

        // What Carol has said cannot be written; what is said to Bob instead has the last batch, and the relay hears of it.
        store!.FailsNext = true;
        await Assert.ThrowsAsync<E2EException>(alice.SyncAsync);
        world.Relay.OnPage = (_, _) => [];
        await alice.SayAsync("bob", "two");
        await alice.Client.SynchronizeAsync();
        world.Relay.OnPage = (_, items) => items;
        await bob.SyncAsync();
        Assert.Equal(["one", "two"], bob.Texts);

        await alice.RestoreAsync(() =>
        {
            alice.Store = store.Late!;
            alice.Wrap = inner => inner;
        });
        await alice.SyncAsync();
        await alice.SayAsync("bob", "three");
        await world.SettleAsync();
        Assert.Single(alice.Seen.OfType<StoreRolledBack>());
        Assert.Equal(["one", "two", "three"], bob.Texts);
    }
}
