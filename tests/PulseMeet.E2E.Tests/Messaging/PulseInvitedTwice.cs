using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Two members add somebody at once: each commit has a Welcome, both arrive, and only one commit is the chat's.</summary>
public sealed class PulseInvitedTwice
{
    [Theory]
    [InlineData("together", true)]
    [InlineData("together", false)]
    [InlineData("the winner's first", false)]
    [InlineData("the loser's first", true)]
    [InlineData("the loser's first", false)]
    public async Task Whoever_is_added_by_two_members_at_once_is_where_the_others_are(string arriving, bool takesJoins)
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync(new PulseOptions
        {
            Suite = PulseSuite.X25519,
            Rights = PulseRights.Default with { Add = PulseRole.Member, ExternalJoin = takesJoins },
        });
        Member dave = await world.SignUpAsync("dave");
        await dave.SyncAsync();
        await AddAtOnceAsync(world, pulse, alice, bob);
        Member? first = arriving switch
        {
            "the winner's first" => alice,
            "the loser's first" => bob,
            _ => null,
        };
        world.Relay.OnPage = (caller, items) => caller != dave.Address || first is null ? items
            : [.. items.Where(item => item.Kind != MailboxItemKind.Welcome || item.Sender == first.Address)];
        await dave.SyncAsync();
        world.Relay.OnPage = (_, items) => items;
        Assert.Single(dave.Seen.OfType<PulseJoined>());
        await dave.TellAsync(pulse.Id, "before anybody has spoken");
        await dave.SyncAsync();
        await alice.TellAsync(pulse.Id, "one");
        await world.SettleAsync(4);
        await alice.TellAsync(pulse.Id, "two");
        await dave.TellAsync(pulse.Id, "here");
        await world.SettleAsync(4);

        Assert.Contains("two", dave.PulseTexts(pulse.Id));
        Assert.Equal(["before anybody has spoken", "here"], alice.PulseTexts(pulse.Id));
        Assert.Equal(["before anybody has spoken", "here"], bob.PulseTexts(pulse.Id).Except(["one", "two"]));
        Assert.Single(dave.Seen.OfType<PulseJoined>());
        Assert.DoesNotContain(dave.Seen, e => e is PulseClosed or PulseForkSuspected);
        if (first != bob)
        {
            Assert.Equal(["one", "two"], dave.PulseTexts(pulse.Id));
            world.AssertNothingIsLost();
        }
    }

    /// <summary>The relay loses the Welcome of the commit that was taken.</summary>
    [Fact]
    public async Task Whoever_has_the_Welcome_alone_that_lost_comes_over_by_itself()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync(new PulseOptions
        {
            Suite = PulseSuite.X25519,
            Rights = PulseRights.Default with { Add = PulseRole.Member },
        });
        Member dave = await world.SignUpAsync("dave");
        await dave.SyncAsync();
        world.Relay.OnPage = (caller, items) => caller != dave.Address ? items
            : [.. items.Where(item => item.Kind != MailboxItemKind.Welcome || item.Sender != alice.Address)];
        await AddAtOnceAsync(world, pulse, alice, bob);
        await world.SettleAsync(2);
        await dave.TellAsync(pulse.Id, "here");
        await alice.TellAsync(pulse.Id, "one");
        await world.SettleAsync(4);
        await alice.TellAsync(pulse.Id, "two");
        await world.SettleAsync(4);
        Assert.Equal(["two"], dave.PulseTexts(pulse.Id).Except(["one"]));
        Assert.Equal(["here"], alice.PulseTexts(pulse.Id));
        Assert.Equal(["here"], bob.PulseTexts(pulse.Id).Except(["one", "two"]));
        Assert.Single(dave.Seen.OfType<PulseJoined>());
    }

    /// <summary>The relay keeps the group info that came last: of the commit that lost.</summary>
    [Fact]
    public async Task Whoever_comes_back_after_two_members_have_done_the_same_at_once_is_where_the_others_are()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync(new PulseOptions
        {
            Suite = PulseSuite.X25519,
            Rights = PulseRights.Default with { Add = PulseRole.Member },
        });
        Member dave = await world.SignUpAsync("dave");
        await dave.SyncAsync();
        carol.IsActive = false;
        await AddAtOnceAsync(world, pulse, alice, bob);
        await world.SettleAsync(2);
        carol.IsActive = true;
        await carol.ChangeAsync(pulse.Id, record => record.IsRejoinWanted = true);
        await world.SettleAsync(2);
        await carol.TellAsync(pulse.Id, "here");
        await world.SettleAsync(2);
        foreach (Member member in new[] { alice, bob, dave })
        {
            Assert.Equal(["here"], member.PulseTexts(pulse.Id));
        }

        Assert.Single(carol.Seen.OfType<PulseRejoined>());
    }

    /// <summary>Bob's commit is offered before he can see that Alice's has come first.</summary>
    private static async Task AddAtOnceAsync(World world, PulseChat pulse, Member alice, Member bob)
    {
        bool isHidden = false;
        bool isFirst = true;
        PulseChat bobs = await bob.PulseAsync(pulse.Id);
        world.Relay.ShownCandidates = (caller, _, _, candidates) => isHidden && caller == bob.Address ? [] : candidates;
        world.Relay.Before = async (caller, call) =>
        {
            if (caller == alice.Address && call == "offered" && isFirst)
            {
                isFirst = false;
                isHidden = true;
                await bobs.AddAsync("dave");
            }
            else if (caller == bob.Address && call == "offered")
            {
                isHidden = false;
            }
        };
        await pulse.AddAsync("dave");
        world.Relay.Before = (_, _) => Task.CompletedTask;
        world.Relay.ShownCandidates = (_, _, _, candidates) => candidates;
    }
}
