using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Attack 23: a relay that shows the members of a chat different changes is noticed inside their sessions, which it cannot
/// change.</summary>
public sealed class PulseForks
{
    [Fact]
    public async Task A_fork_that_the_relay_makes_is_noticed_on_both_sides_as_soon_as_somebody_writes()
    {
        await using var world = new World();
        (PulseChat pulse, Member[] one, Member[] other, ulong epoch) = await ForkAsync(world);
        await one[0].TellAsync(pulse.Id, "on one line");
        await world.SettleAsync(5);
        Assert.Contains(other.SelectMany(member => member.Seen), e => e is PulseMessageUnreadable { Reason: E2EError.NotAuthentic });
        AssertNoticed(one, other, epoch);
        AssertNoticed(other, one, epoch);

        // It is said once, and both go on as they are.
        int told = world.Members.SelectMany(member => member.Seen).Count(e => e is PulseForkSuspected);
        await world.SettleAsync(4);
        Assert.Equal(told, world.Members.SelectMany(member => member.Seen).Count(e => e is PulseForkSuspected));
        Assert.Equal(["on one line"], one[1].PulseTexts(pulse.Id));
        Assert.Empty(other.SelectMany(member => member.PulseTexts(pulse.Id)));
    }

    [Fact]
    public async Task A_fork_is_noticed_within_a_day_where_nobody_writes()
    {
        await using var world = new World();
        (_, Member[] one, Member[] other, ulong epoch) = await ForkAsync(world);
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(4);
        AssertNoticed(one, other, epoch);
        AssertNoticed(other, one, epoch);
    }

    [Fact]
    public async Task Without_a_fork_nobody_is_told_of_one_whatever_the_relay_loses_and_repeats()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        for (int day = 0; day < 5; day++)
        {
            carol.IsActive = day % 2 == 0;
            await pulse.RenameAsync($"day {day}");
            await alice.TellAsync(pulse.Id, $"text {day}");
            await world.SettleAsync(2);
            world.Clock.Advance(TimeSpan.FromHours(25));
            await world.SettleAsync(2);
        }

        carol.IsActive = true;
        await world.SettleAsync(3);
        Assert.Equal(5, carol.PulseTexts(pulse.Id).Count());
        Assert.Equal(5, bob.PulseTexts(pulse.Id).Count());
        world.AssertNothingIsLost();
    }

    /// <summary>What two members say by turns, each of an epoch of its own.</summary>
    [Fact]
    public async Task Forks_that_begin_at_several_epochs_are_told_once_each()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await pulse.RenameAsync("Roof");
        await world.SettleAsync(2);
        ulong now = await world.EpochAsync(pulse.Id, alice);
        for (int i = 0; i < 3; i++)
        {
            foreach ((Member member, ulong epoch) in new[] { (bob, now), (carol, now - 1) })
            {
                byte[] line = new PulseLine(PulseLine.Says, 0, new ForkStatement(pulse.Id.ToArray(), [new EpochMark(epoch, new byte[32], new byte[32])]).Encode()).Encode();
                await member.SayToAsync(alice, pulse.Id, ContentType.PulseLine, _ => line);
                await world.SettleAsync(2);
            }
        }

        Assert.Equal([now - 1, now], alice.Seen.OfType<PulseForkSuspected>().Select(fork => fork.Epoch).Order());
    }

    /// <summary>Bob's change loses, and the relay has its group info last. Carol and Dave come back by that, and read each other where nobody else
    /// is. Alice, who is sure of her line, changes something, or nothing: then she renews her keys, since the relay leads to theirs.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Several_who_came_back_onto_a_line_that_lost_go_over_to_the_others(bool isSomethingChanged)
    {
        await using var world = new World();
        var options = new PulseOptions { Suite = PulseSuite.X25519, Rights = PulseRights.Default with { Rename = PulseRole.Member } };
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync(options);
        Member dave = await world.SignUpAsync("dave");
        await world.SettleAsync(1);
        await pulse.AddAsync("dave");
        await world.SettleAsync(4);
        PulseChat bobs = await bob.PulseAsync(pulse.Id);
        bool hasOffered = false;
        world.Relay.Before = async (caller, call) =>
        {
            if (caller == bob.Address && call == "offer")
            {
                hasOffered = true;
                await pulse.RenameAsync("first");
            }
            else if (caller == bob.Address && hasOffered && call == "candidates")
            {
                throw new E2EException(E2EError.RelayUnavailable);
            }
        };
        await Assert.ThrowsAsync<E2EException>(() => bobs.RenameAsync("second"));
        world.Relay.Before = (_, _) => Task.CompletedTask;
        alice.IsActive = bob.IsActive = false;
        foreach (Member member in new[] { carol, dave })
        {
            await member.ChangeAsync(pulse.Id, record => record.IsRejoinWanted = true);
            await member.SyncAsync();
        }

        await world.SettleAsync(2);
        await carol.TellAsync(pulse.Id, "carol's");
        await dave.TellAsync(pulse.Id, "dave's");
        await world.SettleAsync(3);
        Assert.Equal(["dave's"], carol.PulseTexts(pulse.Id));
        Assert.Equal(["carol's"], dave.PulseTexts(pulse.Id));
        Assert.Equal("second", (await dave.RosterAsync(pulse.Id)).Name);

        alice.IsActive = true;
        if (isSomethingChanged)
        {
            await pulse.RenameAsync("third");
            await world.SettleAsync(2);
        }

        // Where she does, by what does not open there, within the day after which they look at the relay's group info by themselves.
        world.Clock.Advance(isSomethingChanged ? TimeSpan.FromMinutes(20) : TimeSpan.FromHours(25));
        await world.SettleAsync(8);
        foreach (Member member in new[] { carol, dave })
        {
            Assert.Equal(isSomethingChanged ? "third" : "first", (await member.RosterAsync(pulse.Id)).Name);
        }

        bob.IsActive = true;
        await world.SettleAsync(4);
        await alice.TellAsync(pulse.Id, "to all");
        await world.SettleAsync(3);
        foreach (Member member in new[] { bob, carol, dave })
        {
            Assert.Contains("to all", member.PulseTexts(pulse.Id));
        }

        Assert.Equal(["carol's", "dave's"], alice.PulseTexts(pulse.Id).Order());
        Assert.Equal(["dave's", "to all"], carol.PulseTexts(pulse.Id));
    }

    /// <summary>Alice and Carol see Alice's change first; Bob and Dave see Bob's, and never Alice's.</summary>
    private static async Task<(PulseChat Pulse, Member[] One, Member[] Other, ulong Epoch)> ForkAsync(World world)
    {
        var options = new PulseOptions { Suite = PulseSuite.X25519, Rights = PulseRights.Default with { Rename = PulseRole.Member } };
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync(options);
        Member dave = await world.SignUpAsync("dave");
        await world.SettleAsync(1);
        await pulse.AddAsync("dave");
        await world.SettleAsync(2);
        ulong epoch = await world.EpochAsync(pulse.Id, alice);
        bool IsHidden(DeviceAddress caller, ulong at) => at == epoch && (caller == bob.Address || caller == dave.Address);
        world.Relay.AskedPlace = (caller, from, place) => IsHidden(caller, from) ? place + 1 : place;
        world.Relay.ShownCandidates = (caller, _, _, candidates) =>
        [
            .. candidates.Where(candidate => !IsHidden(caller, candidate.Epoch) || candidate.Place > 0)
                .Select(candidate => IsHidden(caller, candidate.Epoch) ? candidate with { Place = candidate.Place - 1 } : candidate),
        ];
        int waiting = 2;
        var both = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Relay.Before = async (caller, call) =>
        {
            if (call == "offer" && caller == bob.Address)
            {
                await first.Task;
            }
            else if (call == "offered")
            {
                first.TrySetResult();
                if (Interlocked.Decrement(ref waiting) == 0)
                {
                    both.SetResult();
                }

                await both.Task;
            }
        };
        await Task.WhenAll(pulse.RenameAsync("one"), (await bob.PulseAsync(pulse.Id)).RenameAsync("other"));
        world.Relay.Before = (_, _) => Task.CompletedTask;
        await world.SettleAsync(2);
        Assert.Equal("one", (await carol.RosterAsync(pulse.Id)).Name);
        Assert.Equal("other", (await dave.RosterAsync(pulse.Id)).Name);
        return (pulse, [alice, carol], [bob, dave], epoch + 1);
    }

    private static void AssertNoticed(Member[] line, Member[] others, ulong epoch)
    {
        PulseForkSuspected[] told = [.. line.SelectMany(member => member.Seen).OfType<PulseForkSuspected>()];
        Assert.NotEmpty(told);
        Assert.All(told, fork => Assert.Contains(others, member => member.Address == fork.With));
        Assert.All(told, fork => Assert.Equal(epoch, fork.Epoch));
    }
}
