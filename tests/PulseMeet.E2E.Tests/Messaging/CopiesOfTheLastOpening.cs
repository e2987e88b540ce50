using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A copy that was made of a closed store, and comes back after the next opening: it has the very revision that the relay is told first then, so
/// that more has to be told before anything is numbered that the copy does not know. Attacks 17 and 52.</summary>
public sealed class CopiesOfTheLastOpening
{
    [Fact]
    public async Task A_copy_of_before_the_last_opening_is_noticed_however_little_the_relay_was_asked_in_it()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        await alice.Client.DisposeAsync();
        InMemoryStore copy = alice.Store.Copy();

        // The relay answers once, and what is written then comes through; but nothing is received any more.
        await alice.RestartAsync();
        await alice.SyncAsync();
        await alice.SayAsync("bob", "two");
        world.Relay.Before = (caller, call) => caller == alice.Address && call == "receive"
            ? throw new E2EException(E2EError.RelayUnavailable)
            : Task.CompletedTask;
        await Assert.ThrowsAsync<E2EException>(alice.SyncAsync);
        world.Relay.Before = (_, _) => Task.CompletedTask;
        await bob.SyncAsync();
        Assert.Equal(["one", "two"], bob.Texts);

        await alice.RestoreAsync(copy);
        await alice.SyncAsync();
        Assert.Single(alice.Seen.OfType<StoreRolledBack>());
        await alice.SayAsync("bob", "three");
        await world.SettleAsync();
        Assert.Equal(["one", "two", "three"], bob.Texts);
    }

    [Fact]
    public async Task Nothing_goes_on_in_the_devices_own_stream_while_the_relay_knows_no_more_than_a_copy_does()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        await alice.RestartAsync();

        // Of the two calls that an opening begins with, the first comes back alone.
        int calls = 0;
        world.Relay.Before = (caller, call) => caller == alice.Address && call == "receive" && ++calls == 2
            ? throw new E2EException(E2EError.RelayUnavailable)
            : Task.CompletedTask;
        await Assert.ThrowsAsync<E2EException>(alice.SyncAsync);
        await alice.SayAsync("bob", "two");
        await world.SettleAsync();
        await alice.SayAsync("bob", "three");
        await world.SettleAsync();
        Assert.Equal(["one", "two", "three"], bob.Texts);
        StreamName[] streams = [.. bob.Messages.Select(message => message.Sealed.Stream)];
        Assert.Equal(streams[0], streams[2]);
        Assert.NotEqual(streams[0], streams[1]);
        Assert.DoesNotContain(bob.Seen, e => e is MessagesMissing);
    }
}
