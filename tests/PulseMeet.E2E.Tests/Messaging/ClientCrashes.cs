using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Attacks 16 and 51, at every write of the store and every call of the relay: whichever it is that the process dies at,
/// nothing is lost, nothing is handed over again after it was acknowledged, and no cipher key is used twice. A write that fails is no
/// other case: the client goes on with the store as it is.</summary>
public sealed class ClientCrashes
{
    /// <summary>What a device does while it dies. Each is one the world of <see cref="BeginAsync"/> allows.</summary>
    private static readonly Dictionary<string, Func<World, Member, Member, Task>> s_operations = new()
    {
        ["write to somebody new"] = async (world, alice, _) => await alice.SayAsync("carol", "first"),
        ["write in a session"] = async (_, alice, _) => await alice.SayAsync("bob", "next"),
        ["write and send"] = async (_, alice, _) =>
        {
            await alice.SayAsync("bob", "next");
            await alice.Client.SynchronizeAsync();
        },
        ["begin sessions and send"] = async (_, alice, _) =>
        {
            await alice.SayAsync("carol", "first");
            await alice.Client.SynchronizeAsync();
        },
        ["receive"] = async (_, alice, _) => await alice.Client.SynchronizeAsync(),
        ["receive and take"] = async (_, alice, _) => await alice.SyncAsync(),
        ["carry out by hand"] = async (world, alice, _) =>
        {
            await alice.SayAsync("bob", "next");
            IReadOnlyList<OutgoingEnvelope> waiting = await alice.Client.GetOutboxAsync(100);
            IReadOnlyList<DeliveryOutcome> outcomes = await world.Relay.Connect(alice.Address).DeliverAsync(waiting);
            await alice.Client.ConfirmOutboxAsync([.. waiting.Zip(outcomes)]);
        },
        ["carry in by hand"] = async (world, alice, _) =>
        {
            IReadOnlyList<MailboxItem> items = await world.Relay.MailboxOfAsync(alice.Address);
            await alice.Client.PushAsync(items);
            await world.Relay.Connect(alice.Address).AcknowledgeAsync([.. items.Select(item => item.Id)]);
        },
        ["signal"] = async (_, alice, _) => await alice.Client.SignalAsync("bob", Signal.Typing),
        ["accept a request"] = async (_, alice, _) =>
        {
            await alice.Client.SynchronizeAsync();
            await alice.Client.AcceptAsync("dave");
        },
        ["block"] = async (_, alice, _) => await alice.Client.BlockAsync("dave"),
        ["replace the recovery key"] = async (_, alice, _) => (await alice.Client.ReplaceRecoveryKeyAsync()).Dispose(),
        ["renew everything"] = async (world, alice, _) =>
        {
            world.Clock.Advance(TimeSpan.FromDays(8));
            await alice.Client.SynchronizeAsync();
        },
    };

    public static TheoryData<string> Operations => [.. s_operations.Keys];

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Whichever_write_the_process_dies_at_nothing_is_lost_or_told_twice(string operation)
    {
        await Dying.AtEveryWriteAsync(2, 40, async death =>
        {
            (World world, Member alice, Member bob) = await BeginAsync();
            await using (world)
            {
                await death.ActAsync(alice, () => s_operations[operation](world, alice, bob));
                await GoOnAsync(world, alice, bob);
                AssertWhole(world, alice, bob, $"{operation}, {death}");
            }
        });
    }

    [Theory]
    [InlineData("write and send")]
    [InlineData("begin sessions and send")]
    [InlineData("receive and take")]
    public async Task Whichever_call_of_the_relay_fails_before_or_after_it_was_carried_out_nothing_is_lost_or_told_twice(string operation)
    {
        await Dying.AtEveryCallAsync(40, async failure =>
        {
            (World world, Member alice, Member bob) = await BeginAsync();
            await using (world)
            {
                await failure.ActAsync(world, alice, () => s_operations[operation](world, alice, bob));
                alice.Crash();
                await GoOnAsync(world, alice, bob);
                AssertWhole(world, alice, bob, $"{operation}, {failure}");
            }
        });
    }

    [Fact]
    public async Task Whichever_write_signing_up_dies_at_the_next_call_takes_it_up()
    {
        await Dying.AtEveryWriteAsync(4, 20, async death =>
        {
            await using var world = new World();
            Member bob = await world.SignUpAsync("bob");
            Member alice = world.Device("alice");
            if (await death.ActAsync(alice, async () => (await alice.Client.SignUpAsync()).Dispose()))
            {
                try
                {
                    (await alice.Client.SignUpAsync()).Dispose();
                }
                catch (InvalidOperationException)
                {
                    // The last write was through: the device belongs to the account.
                }
            }

            await alice.Client.AcceptAsync("bob");
            await bob.Client.AcceptAsync("alice");
            await alice.SayAsync("bob", "hi");
            await world.SettleAsync(3);
            Assert.Equal(["hi"], bob.Texts);
        });
    }

    /// <summary>Alice and Bob have a session, with something on the way in both directions; Carol would take a message; Dave has
    /// written to Alice.</summary>
    internal static async Task<(World World, Member Alice, Member Bob)> BeginAsync()
    {
        var world = new World { Configure = options => options.PreKeys.RotationInterval = TimeSpan.FromDays(7) };
        (Member alice, Member bob) = await world.FriendsAsync();
        Member carol = await world.SignUpAsync("carol");
        Member dave = await world.SignUpAsync("dave");
        await carol.Client.AcceptAsync("alice");
        await alice.SayAsync("bob", "a0");
        await bob.SayAsync("alice", "b0");
        await world.SettleAsync(3);
        await alice.SayAsync("bob", "a1");
        await bob.SayAsync("alice", "b1");
        await bob.SayAsync("alice", "b2");
        await dave.SayAsync("alice", "request");
        await bob.SyncAsync();
        await dave.SyncAsync();
        return (world, alice, bob);
    }

    internal static Task Operate(string operation, World world, Member alice, Member bob) => s_operations[operation](world, alice, bob);

    /// <summary>Everybody writes once more, and goes on until nothing moves.</summary>
    internal static async Task GoOnAsync(World world, Member alice, Member bob)
    {
        await alice.SayAsync("bob", "a-last");
        await bob.SayAsync("alice", "b-last");
        await world.SettleAsync(4);
        world.Clock.Advance(TimeSpan.FromMinutes(3));
        await world.SettleAsync(3);
    }

    internal static void AssertWhole(World world, Member alice, Member bob, string where)
    {
        string[] expected = ["b0", "b1", "b2", "b-last"];
        Assert.True(expected.SequenceEqual(alice.Texts.Where(text => text != "request")), $"{where}: {string.Join(' ', alice.Texts)}");
        Assert.True(
            new[] { "a0", "a1", "a-last" }.SequenceEqual(bob.Texts.Where(text => text != "next"))
                && bob.Texts.Count(text => text == "next") <= 1,
            $"{where}: {string.Join(' ', bob.Texts)}");
        Member carol = world.Members.Single(member => member.UserId == "carol");
        Assert.True(carol.Texts.Count() <= 1, where);
        E2EEvent[] bad = [.. world.Members.SelectMany(member => member.Seen)
            .Where(e => e is MessagesMissing or MessageUnreadable or SessionRepaired or StoreRolledBack)];
        Assert.True(bad.Length == 0, $"{where}: {string.Join(' ', bad.Select(e => e.GetType().Name))}");
        Assert.True(
            world.Members.All(member => member.Seen.Select(e => e.Sequence).Distinct().Count() == member.Seen.Count),
            $"{where}: an event twice");
        string[] nonces = [.. world.Relay.Delivered.Select(item => Nonces.Of(item.Envelope))];
        Assert.True(nonces.Length == nonces.Distinct().Count(), $"{where}: a cipher key twice");
    }
}
