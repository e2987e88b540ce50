using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Devices on a line that lost, and members who say that they are on one.</summary>
public sealed class PulseStrays
{
    /// <summary>Carol came back by the group info of Bob's change, which lost. Her line is none of the others', and they have gone on since for longer
    /// than a statement reaches back.</summary>
    [Fact]
    public async Task Whoever_is_told_that_the_others_are_further_and_gets_nowhere_comes_over()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await StrayAsync(world);
        carol.IsActive = false;
        alice.IsActive = bob.IsActive = true;
        for (int i = 0; i < 2 * GroupLimits.StatementEpochs; i++)
        {
            await pulse.RenameAsync($"Roof {i}");
        }

        await world.SettleAsync(2);
        carol.IsActive = true;
        await alice.TellAsync(pulse.Id, "what she cannot open, and asks for");
        await world.SettleAsync(2);

        // Less than the day after which she looks at the relay's group info by herself.
        world.Clock.Advance(TimeSpan.FromMinutes(20));
        await world.SettleAsync(6);
        await alice.TellAsync(pulse.Id, "to all");
        await world.SettleAsync(3);
        Assert.Contains("to all", carol.PulseTexts(pulse.Id));
    }

    /// <summary>Carol came back by the group info of Bob's change, which lost, and Alice has removed her since: nobody hears her any more.</summary>
    [Fact]
    public async Task Whoever_is_on_a_line_that_lost_and_was_removed_meanwhile_is_told_that_it_cannot_follow()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await StrayAsync(world);
        carol.IsActive = false;
        alice.IsActive = bob.IsActive = true;
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(3);
        await pulse.RemoveAsync("carol");
        await world.SettleAsync(2);
        carol.IsActive = true;

        // Of what is offered last the relay has the group info: she has one of her line in the place of Alice's.
        await (await carol.PulseAsync(pulse.Id)).RenameAsync("Carol's");
        for (int day = 0; day < 3; day++)
        {
            world.Clock.Advance(TimeSpan.FromHours(25));
            await world.SettleAsync(4);
        }

        Assert.NotEmpty(carol.Seen.OfType<PulseStalled>());
        Assert.All(carol.Seen.OfType<PulseStalled>(), stalled => Assert.Equal(E2EError.GroupJoinRefused, stalled.Reason));
        await (await carol.PulseAsync(pulse.Id)).LeaveAsync();
        Assert.Empty(await carol.Client.GetPulsesAsync());
    }

    /// <summary>Bob is taken for one who came in on Carol's line, which lost, after she had said something there. It is sealed anew for everybody when she
    /// comes over, and lost on the way to him.</summary>
    [Fact]
    public async Task What_is_said_anew_is_for_those_too_who_came_after_it_was_said_on_a_line_that_lost()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await StrayAsync(world);
        await carol.TellAsync(pulse.Id, "one");
        await carol.SyncAsync();
        MessageId stream = (await carol.Client.OpenAsync(default)).Core.StreamId;
        await carol.ChangeAsync(pulse.Id, record => record.Baselines[bob.Address] = new PulseBaseline(stream, 1));
        alice.IsActive = bob.IsActive = true;
        HashSet<string> lost = [];
        bool isLosing = true;
        world.Relay.OnPage = (caller, items) => caller != bob.Address ? items
            : [.. items.Where(item => item.Kind != MailboxItemKind.GroupMessage || item.Sender != carol.Address
                || !(isLosing ? lost.Add(Convert.ToHexString(item.EnvelopeId.Span)) || isLosing : lost.Contains(Convert.ToHexString(item.EnvelopeId.Span))))];
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(8);
        Assert.Equal(["one"], alice.PulseTexts(pulse.Id));
        isLosing = false;
        await carol.TellAsync(pulse.Id, "two");
        await world.SettleAsync(3);
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(4);
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync(4);
        Assert.Equal(["two", "one"], bob.PulseTexts(pulse.Id));
    }

    /// <summary>Nobody is sure of the line. Carol gets no word of changes, and finds a later group info at the relay than the chat that she holds.</summary>
    [Fact]
    public async Task Whoever_is_not_sure_looks_for_the_next_changes_before_it_comes_over()
    {
        await using var world = new World();
        var options = new PulseOptions { Suite = PulseSuite.X25519, Rights = PulseRights.Default with { Rename = PulseRole.Member } };
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync(options);
        foreach (Member member in new[] { alice, bob, carol })
        {
            await member.ChangeAsync(pulse.Id, record => record.IsUnsure = true);
        }

        world.Relay.OnPage = (caller, items) => caller != carol.Address ? items
            : [.. items.Where(item => item.Kind != MailboxItemKind.GroupCommit)];
        for (int hour = 0; hour < 60; hour++)
        {
            world.Clock.Advance(TimeSpan.FromHours(1));
            if (hour % 6 == 0)
            {
                await (await bob.PulseAsync(pulse.Id)).RenameAsync($"Roof {hour}");
            }

            await world.SettleAsync(1);
        }

        Assert.DoesNotContain(world.Members.SelectMany(member => member.Seen), e => e is PulseRejoined or PulseStalled);
        Assert.Equal("Roof 54", (await carol.RosterAsync(pulse.Id)).Name);
    }

    [Fact]
    public async Task By_whoever_says_to_be_elsewhere_nobody_is_made_to_commit_where_the_relay_leads_to_the_chat()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(3);
        ulong before = await world.EpochAsync(pulse.Id, alice);
        for (int i = 0; i < 30; i++)
        {
            await SayToBeElsewhereAsync(pulse.Id, carol, [alice, bob]);
            world.Clock.Advance(TimeSpan.FromMinutes(20));
            await world.SettleAsync(2);
        }

        Assert.Equal(before, await world.EpochAsync(pulse.Id, alice));
        Assert.DoesNotContain(world.Members.SelectMany(member => member.Seen), e => e is PulseRejoined or PulseForkSuspected);
    }

    /// <summary>A member and the relay together: every hour one commit for each member who believes them, and no more.</summary>
    [Fact]
    public async Task By_whoever_says_to_be_elsewhere_with_a_relay_that_lies_each_member_commits_once_an_hour_at_most()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(3);
        ulong before = await world.EpochAsync(pulse.Id, alice);
        world.Relay.ShownInfo = (_, _) => [1, 2, 3];
        for (int i = 0; i < 18; i++)
        {
            await SayToBeElsewhereAsync(pulse.Id, carol, [alice, bob]);
            world.Clock.Advance(TimeSpan.FromMinutes(20));
            await world.SettleAsync(2);
        }

        Assert.InRange(await world.EpochAsync(pulse.Id, alice), before + 1, before + (2 * 7));
    }

    /// <summary>The same in a larger chat, in which nobody is at a loss for commits.</summary>
    [Fact]
    public async Task By_whoever_says_to_be_elsewhere_a_chat_has_a_few_commits_an_hour_however_many_are_in_it()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        var others = new List<Member> { alice, bob };
        foreach (string user in new[] { "dave", "erin", "frank", "grace", "heidi" })
        {
            others.Add(await world.SignUpAsync(user));
        }

        await world.SettleAsync(1);
        await pulse.AddAllAsync([.. others.Skip(2).Select(other => other.UserId)]);
        await world.SettleAsync(3);
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(10);
        ulong before = await world.EpochAsync(pulse.Id, alice);
        world.Relay.ShownInfo = (_, _) => [1, 2, 3];
        for (int i = 0; i < 5; i++)
        {
            await SayToBeElsewhereAsync(pulse.Id, carol, [.. others]);
            world.Clock.Advance(TimeSpan.FromMinutes(11));
            await world.SettleAsync(3);
        }

        Assert.InRange(await world.EpochAsync(pulse.Id, alice), before + 1, before + 5);
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    public async Task A_denial_counts_for_a_device_that_is_not_sure_of_its_line_and_is_on_the_one_that_is_denied(bool isUnsure, bool isOfItsLine, bool comesOver)
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync();
        await bob.ChangeAsync(pulse.Id, record => record.IsUnsure = isUnsure);
        byte[] newest = [];
        await bob.ChangeGroupAsync(pulse.Id, group => newest = ForkStatement.Decode(group.Statement()).Marks[0].Authenticator);
        await carol.SayToAsync(bob, pulse.Id, ContentType.PulseLine, _ => new PulseLine(
            PulseLine.Denies, 0, new ForkStatement(pulse.Id.ToArray(), [new EpochMark(0, new byte[32], new byte[32])]).Encode())
        {
            Denied = isOfItsLine ? newest : new byte[32],
        }.Encode());
        await carol.SyncAsync();
        await bob.SyncAsync();
        await bob.SyncAsync();
        Assert.Equal(comesOver ? 1 : 0, bob.Seen.OfType<PulseRejoined>().Count(rejoined => rejoined.Device == bob.Address));
    }

    private static async Task SayToBeElsewhereAsync(PulseId id, Member member, Member[] others)
    {
        byte[] line = new PulseLine(
            PulseLine.AsksUnsure, 0, new ForkStatement(id.ToArray(), [new EpochMark(1_000_000, new byte[32], new byte[32])]).Encode()).Encode();
        foreach (Member other in others)
        {
            await member.SayToAsync(other, id, ContentType.PulseLine, _ => line);
        }
    }

    /// <summary>Bob's change loses, and the relay has its group info last. Carol comes back by that.</summary>
    private static async Task<(PulseChat Pulse, Member Alice, Member Bob, Member Carol)> StrayAsync(World world)
    {
        var options = new PulseOptions { Suite = PulseSuite.X25519, Rights = PulseRights.Default with { Rename = PulseRole.Member } };
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync(options);
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
        await carol.ChangeAsync(pulse.Id, record => record.IsRejoinWanted = true);
        await carol.SyncAsync();
        Assert.Equal("second", (await carol.RosterAsync(pulse.Id)).Name);
        return (pulse, alice, bob, carol);
    }
}
