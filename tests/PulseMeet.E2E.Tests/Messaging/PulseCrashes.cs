namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Attacks 16 and 51 for pulse chats, at every write of the store and every call of the relay: whichever it is that the process dies
/// at, nothing is lost, nothing is handed over twice, what was prepared is made once, and no generation is used twice (a message under one
/// that was used would be taken for a duplicate, and be missing).</summary>
public sealed class PulseCrashes
{
    private static readonly Dictionary<string, Func<World, Member, PulseId, Task>> s_operations = new()
    {
        ["create a chat"] = async (_, alice, _) => await alice.Client.CreatePulseAsync("Second", ["bob", "carol"]),
        ["write and send"] = async (_, alice, id) =>
        {
            await alice.TellAsync(id, "next");
            await alice.Client.SynchronizeAsync();
        },
        ["add"] = async (_, alice, id) => await (await alice.PulseAsync(id)).AddAsync("dave"),
        ["remove"] = async (_, alice, id) => await (await alice.PulseAsync(id)).RemoveAsync("carol"),
        ["rename"] = async (_, alice, id) => await (await alice.PulseAsync(id)).RenameAsync("Roof"),
        ["make an admin"] = async (_, alice, id) => await (await alice.PulseAsync(id)).SetRoleAsync("bob", PulseRole.Admin),
        ["lose to another change"] = async (world, alice, id) =>
        {
            PulseChat bobs = await world.Members.Single(member => member.UserId == "bob").PulseAsync(id);
            bool isFirst = true;
            world.Relay.Before = async (caller, call) =>
            {
                if (isFirst && caller == alice.Address && call == "offer")
                {
                    isFirst = false;
                    await bobs.RenameAsync("Bob's");
                }
            };
            await (await alice.PulseAsync(id)).AddAsync("dave");
        },
        ["receive"] = async (_, alice, _) => await alice.SyncAsync(),
        ["leave"] = async (_, alice, id) => await (await alice.PulseAsync(id)).LeaveAsync(),
        ["renew keys"] = async (world, alice, _) =>
        {
            world.Clock.Advance(TimeSpan.FromDays(2));
            await alice.Client.SynchronizeAsync();
        },
    };

    public static TheoryData<string> Operations => [.. s_operations.Keys];

    /// <summary>Without the one that needs the stage for itself.</summary>
    public static TheoryData<string> OperationsAlone => [.. s_operations.Keys.Where(name => name != "lose to another change")];

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Whichever_write_the_process_dies_at_nothing_is_lost_or_told_twice(string operation)
    {
        await Dying.AtEveryWriteAsync(2, 40, async death =>
        {
            (World world, Member alice, PulseId id) = await BeginAsync();
            await using (world)
            {
                await death.ActAsync(alice, () => s_operations[operation](world, alice, id));
                await GoOnAsync(world, alice, id, operation);
                await AssertWholeAsync(world, alice, id, operation, $"{operation}, {death}");
            }
        });
    }

    [Theory]
    [MemberData(nameof(OperationsAlone))]
    public async Task Whichever_call_of_the_relay_fails_before_or_after_it_was_carried_out_nothing_is_lost_or_told_twice(string operation)
    {
        await Dying.AtEveryCallAsync(60, async failure =>
        {
            (World world, Member alice, PulseId id) = await BeginAsync();
            await using (world)
            {
                await failure.ActAsync(world, alice, () => s_operations[operation](world, alice, id));
                await GoOnAsync(world, alice, id, operation);
                await AssertWholeAsync(world, alice, id, operation, $"{operation}, {failure}");
            }
        });
    }

    /// <summary>Alice, Bob and Carol are in a chat, with something on the way in both directions; Dave could be added.</summary>
    private static async Task<(World World, Member Alice, PulseId Id)> BeginAsync()
    {
        var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync(new PulseOptions
        {
            Suite = PulseSuite.X25519,
            Rights = PulseRights.Default with { Rename = PulseRole.Member },
        });
        await world.SignUpAsync("dave");
        await world.SettleAsync(1);
        foreach (Member member in new[] { alice, bob })
        {
            await member.TellAsync(pulse.Id, $"{member.UserId} 0");
            await member.SyncAsync();
            await member.TellAsync(pulse.Id, $"{member.UserId} 1");
        }

        await bob.SyncAsync();
        return (world, alice, pulse.Id);
    }

    private static async Task GoOnAsync(World world, Member alice, PulseId id, string operation)
    {
        world.Relay.Before = (_, _) => Task.CompletedTask;
        if (operation != "leave")
        {
            await alice.TellAsync(id, "alice last");
        }

        await world.Members.Single(member => member.UserId == "bob").TellAsync(id, "bob last");
        await world.SettleAsync(4);
        world.Clock.Advance(TimeSpan.FromMinutes(3));
        await world.SettleAsync(4);
    }

    private static async Task AssertWholeAsync(World world, Member alice, PulseId id, string operation, string where)
    {
        Member bob = world.Members.Single(member => member.UserId == "bob");
        string[] fromAlice = operation == "leave" ? ["alice 0", "alice 1"] : ["alice 0", "alice 1", "alice last"];
        Assert.True(
            fromAlice.SequenceEqual(bob.PulseTexts(id).Where(text => text != "next")) && bob.PulseTexts(id).Count(text => text == "next") <= 1,
            $"{where}: {string.Join(", ", bob.PulseTexts(id))}");
        bool isOut = alice.Seen.OfType<PulseClosed>().Any();
        string[] fromBob = isOut ? ["bob 0", "bob 1"] : ["bob 0", "bob 1", "bob last"];
        Assert.True(fromBob.SequenceEqual(alice.PulseTexts(id).Take(fromBob.Length)), $"{where}: {string.Join(", ", alice.PulseTexts(id))}");
        world.AssertNothingIsLost(where);
        Assert.True(
            world.Members.All(member => member.Seen.Select(e => e.Sequence).Distinct().Count() == member.Seen.Count),
            $"{where}: an event twice");

        // All who are in a chat agree on it.
        foreach (PulseChat chat in await bob.Client.GetPulsesAsync())
        {
            PulseRoster roster = await chat.GetRosterAsync();
            foreach (Member member in world.Members.Where(member => roster.Find(member.UserId) is not null))
            {
                PulseRoster other = await member.RosterAsync(chat.Id);
                Assert.True(
                    roster.Name == other.Name && roster.Members.Select(m => (m.UserId, m.Role)).SequenceEqual(other.Members.Select(m => (m.UserId, m.Role))),
                    $"{where}: {member.Address} sees another chat");
            }
        }
    }
}
