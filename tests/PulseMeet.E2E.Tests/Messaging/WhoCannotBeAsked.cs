using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A message is missing of a device that is still listed, and with which no session can be begun: a phone that lies broken in a drawer. The app is told
/// all the same. Attack 50.</summary>
public sealed class WhoCannotBeAsked
{
    [Fact]
    public async Task What_is_missing_of_a_device_that_cannot_be_asked_is_named_and_asked_for_as_soon_as_it_can()
    {
        await using var world = new World();
        (Member alice, Member bob) = await GapAsync(world);
        await bob.SyncAsync();
        Assert.False(Assert.Single(bob.Seen.OfType<MessagesMissing>()).IsLost);
        world.Relay.ShownBundles = (_, _, claimed) => claimed;
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.Equal(["one", "three", "two"], bob.Texts);
        Assert.Single(bob.Seen.OfType<MessagesMissing>());
    }

    [Fact]
    public async Task What_is_missing_of_a_device_that_can_never_be_asked_is_named_as_lost_in_the_end()
    {
        await using var world = new World();
        (_, Member bob) = await GapAsync(world);
        for (int i = 0; i < 18; i++)
        {
            await bob.SyncAsync();
            world.Clock.Advance(TimeSpan.FromHours(12));
        }

        Assert.Equal([false, true], bob.Seen.OfType<MessagesMissing>().Select(missing => missing.IsLost));
    }

    /// <summary>Bob misses what Alice said second, has no session any more to ask on, and the relay gives him no keys of hers.</summary>
    private static async Task<(Member Alice, Member Bob)> GapAsync(World world)
    {
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        world.Relay.OnTheWay = (_, _) => [];
        await alice.SayAsync("bob", "two");
        await alice.SyncAsync();
        world.Relay.OnTheWay = (_, envelope) => [envelope];
        await alice.SayAsync("bob", "three");
        await alice.SyncAsync();
        await bob.SyncAsync();
        Assert.Equal(["one", "three"], bob.Texts);
        Engine engine = await bob.Client.OpenAsync(default);
        await engine.Core.ChangeAsync(
            engine.Conversations.Turns("alice"),
            async work => (await work.PeerAsync(alice.Address)).IsRenewalWanted = true,
            default);
        world.Relay.ShownBundles = (caller, _, claimed) => caller == bob.Address
            ? claimed with { Bundles = new Dictionary<string, ReadOnlyMemory<byte>>() }
            : claimed;
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        return (alice, bob);
    }
}
