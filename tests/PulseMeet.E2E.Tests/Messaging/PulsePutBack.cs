using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A store that was put back between two steps of a pulse chat: what the later device sealed under its keys was read, so that a message
/// under one of them again would be taken for a duplicate, and be missing.</summary>
public sealed class PulsePutBack
{
    [Fact]
    public async Task A_commit_that_waited_in_the_copy_and_was_taken_since_renews_no_keys()
    {
        await using var world = new World();
        var closed = new PulseOptions
        {
            Suite = PulseSuite.X25519,
            Rights = PulseRights.Default with { ExternalJoin = false, Rename = PulseRole.Member },
        };
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync(closed);
        PulseChat bobs = await bob.PulseAsync(pulse.Id);
        world.Relay.Before = (caller, call) => caller == bob.Address && call == "offer"
            ? throw new E2EException(E2EError.RelayUnavailable)
            : Task.CompletedTask;
        await Assert.ThrowsAsync<E2EException>(() => bobs.RenameAsync("Roof"));
        InMemoryStore copy = bob.Store.Copy();
        world.Relay.Before = (_, _) => Task.CompletedTask;
        await world.SettleAsync(2);
        Assert.Equal("Roof", (await alice.RosterAsync(pulse.Id)).Name);
        await bob.TellAsync(pulse.Id, "one");
        await world.SettleAsync(2);

        await bob.RestoreAsync(copy);
        await bob.TellAsync(pulse.Id, "two");
        await world.SettleAsync(5);
        Assert.Equal(["one", "two"], alice.PulseTexts(pulse.Id));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_chat_that_was_joined_after_the_copy_and_is_joined_again_by_its_Welcome_gets_new_keys_first(bool takesJoins)
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        await world.SettleAsync(1);
        InMemoryStore copy = bob.Store.Copy();
        MailboxItem? shown = null;
        world.Relay.OnPage = (caller, items) =>
        {
            shown ??= items.FirstOrDefault(item => caller == bob.Address && item.Kind == MailboxItemKind.Welcome);
            return items;
        };
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions
        {
            Suite = PulseSuite.X25519,
            Rights = PulseRights.Default with { ExternalJoin = takesJoins },
        });
        await world.SettleAsync(2);
        await bob.TellAsync(pulse.Id, "one");
        await world.SettleAsync(2);

        world.Clock.Advance(TimeSpan.FromMinutes(1));
        await bob.RestoreAsync(copy);
        world.Relay.Put(
            alice.Address, new OutgoingEnvelope(bob.Address, shown!.EnvelopeId, shown.Content), MailboxItemKind.Welcome, pulse.Id.ToArray());
        await bob.SyncAsync();
        await bob.TellAsync(pulse.Id, "two");
        await world.SettleAsync(5);
        Assert.Equal(["one", "two"], alice.PulseTexts(pulse.Id));
        Assert.DoesNotContain(alice.Seen, e => e is PulseMessagesMissing);
        Assert.Equal(takesJoins ? 1 : 0, alice.Seen.OfType<PulseRejoined>().Count());
    }

    /// <summary>Bob has asked to leave since the copy, in the generation in which the commit would be that renews his keys.</summary>
    [Fact]
    public async Task The_commit_that_renews_keys_uses_no_generation_that_the_later_store_has_used()
    {
        await using var world = new World();
        var closed = new PulseOptions { Suite = PulseSuite.X25519, Rights = PulseRights.Default with { ExternalJoin = false } };
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync(closed);
        InMemoryStore copy = bob.Store.Copy();
        await (await bob.PulseAsync(pulse.Id)).LeaveAsync();
        world.Relay.Before = (caller, call) => caller != bob.Address && call == "offer"
            ? throw new E2EException(E2EError.LimitExceeded)
            : Task.CompletedTask;
        await world.SettleAsync(2);

        await bob.RestoreAsync(copy);
        await bob.TellAsync(pulse.Id, "after all");
        await bob.SyncAsync();
        world.Relay.Before = (_, _) => Task.CompletedTask;
        world.Clock.Advance(TimeSpan.FromHours(1));
        await world.SettleAsync(4);
        Assert.Equal(["after all"], alice.PulseTexts(pulse.Id));
        Assert.Equal(["after all"], carol.PulseTexts(pulse.Id));
        Assert.DoesNotContain(world.Members.SelectMany(member => member.Seen), e => e is PulseForkSuspected or PulseStalled);
    }

    /// <summary>Alice has changed the chat since the copy, which does not know her commit: she may not go on beside it.</summary>
    [Fact]
    public async Task A_commit_of_the_later_store_is_known_as_ones_own_and_the_device_makes_no_other_beside_it()
    {
        await using var world = new World();
        var closed = new PulseOptions { Suite = PulseSuite.X25519, Rights = PulseRights.Default with { ExternalJoin = false } };
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync(closed);

        // Everybody has renewed their keys once, so that nobody commits in the hours that follow.
        world.Clock.Advance(TimeSpan.FromHours(25));
        await world.SettleAsync(4);
        InMemoryStore copy = alice.Store.Copy();
        await pulse.RenameAsync("Roof");
        await world.SettleAsync(2);
        ulong epoch = await world.EpochAsync(pulse.Id, bob);
        await alice.RestoreAsync(copy);
        await alice.TellAsync(pulse.Id, "waits for ever");
        await world.SettleAsync(4);
        world.Clock.Advance(TimeSpan.FromHours(2));
        await world.SettleAsync(4);
        Assert.Single(alice.Seen.OfType<PulseStalled>());
        Assert.Equal(epoch, await world.EpochAsync(pulse.Id, bob));
        Assert.Empty(carol.PulseTexts(pulse.Id));
        await bob.TellAsync(pulse.Id, "here");
        await world.SettleAsync(2);
        Assert.Equal(["here"], carol.PulseTexts(pulse.Id));
        Assert.DoesNotContain(new[] { bob, carol }.SelectMany(member => member.Seen), e => e is PulseForkSuspected or PulseStalled);
    }

    /// <summary>The same, where the relay shows the later commit only together with the one that was made without knowing it.</summary>
    [Fact]
    public async Task A_commit_behind_ones_own_of_the_later_store_is_taken_by_nobody()
    {
        await using var world = new World();
        var closed = new PulseOptions { Suite = PulseSuite.X25519, Rights = PulseRights.Default with { ExternalJoin = false } };
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync(closed);
        InMemoryStore copy = alice.Store.Copy();
        await pulse.RenameAsync("Roof");
        await world.SettleAsync(2);
        await alice.RestoreAsync(copy);
        bool isOffered = false;
        world.Relay.Before = (caller, call) =>
        {
            isOffered |= caller == alice.Address && call == "offered";
            return Task.CompletedTask;
        };
        world.Relay.ShownCandidates = (caller, _, _, candidates) => caller == alice.Address && !isOffered ? [] : candidates;
        await world.SettleAsync(4);
        Assert.True(isOffered);
        Assert.Equal("Roof", (await bob.RosterAsync(pulse.Id)).Name);
        Assert.Single(alice.Seen.OfType<PulseStalled>());
        await bob.TellAsync(pulse.Id, "here");
        await world.SettleAsync(4);
        Assert.Equal(["here"], carol.PulseTexts(pulse.Id));
        Assert.DoesNotContain(world.Members.SelectMany(member => member.Seen), e => e is PulseForkSuspected);
    }

    /// <summary>Attacks 17, 24 and 54: the numbers of the stream that the copy ended say nothing about those of the next.</summary>
    [Fact]
    public async Task Who_comes_in_after_a_store_was_put_back_gets_nothing_from_it_that_was_said_before()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        Member dave = await world.SignUpAsync("dave");
        await world.SettleAsync(1);
        string early = new('e', 5000);
        await bob.TellAsync(pulse.Id, early);
        await world.SettleAsync(2);
        InMemoryStore copy = bob.Store.Copy();
        await bob.TellAsync(pulse.Id, "lost with the copy");
        await world.SettleAsync(2);
        await bob.RestoreAsync(copy);
        await world.SettleAsync(4);
        await pulse.AddAsync("dave");
        await world.SettleAsync(3);
        await bob.TellAsync(pulse.Id, "after");
        await world.SettleAsync(2);
        Assert.Equal(["after"], dave.PulseTexts(pulse.Id));

        MessageId ended = alice.Seen.OfType<PulseMessageReceived>().First().Sealed.Stream.StreamId;
        await dave.SayToAsync(
            bob, pulse.Id, ContentType.ResendRequest, _ => new ResendNames(ended, [new NumberRange(1, 2)], []).Encode());
        await world.SettleAsync(4);
        OutgoingEnvelope[] answers = [.. world.Relay.Delivered
            .Where(told => told.Sender == bob.Address && told.Envelope.Recipient == dave.Address).Select(told => told.Envelope)];
        Assert.NotEmpty(answers);
        Assert.DoesNotContain(answers, envelope => envelope.Content.Length >= early.Length);
    }

    /// <summary>The group info is signed by Carol, whom the copy does not know: that she was added by somebody it knows is in the commits.</summary>
    [Fact]
    public async Task Where_only_newcomers_have_committed_since_the_copy_the_device_follows_their_commits_and_renews_its_keys()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        Member carol = await world.SignUpAsync("carol");
        await world.SettleAsync(1);
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        InMemoryStore copy = bob.Store.Copy();
        await bob.TellAsync(pulse.Id, "one");
        await world.SettleAsync(2);
        await pulse.AddAsync("carol");
        await world.SettleAsync(2);
        alice.IsActive = bob.IsActive = false;
        world.Clock.Advance(TimeSpan.FromHours(25));
        ulong epoch = await world.EpochAsync(pulse.Id, carol);
        await world.SettleAsync(3);
        Assert.Equal(epoch + 1, await world.EpochAsync(pulse.Id, carol));

        await bob.RestoreAsync(copy);
        await bob.TellAsync(pulse.Id, "two");
        alice.IsActive = bob.IsActive = true;
        await world.SettleAsync(2);
        Assert.Equal(E2EError.GroupJoinRefused, Assert.Single(bob.Seen.OfType<PulseStalled>()).Reason);
        world.Clock.Advance(TimeSpan.FromHours(2));
        await world.SettleAsync(5);
        Assert.Equal(["one", "two"], alice.PulseTexts(pulse.Id));
        Assert.Equal("two", carol.PulseTexts(pulse.Id).Last());
        Assert.DoesNotContain(world.Members.SelectMany(member => member.Seen), e => e is PulseForkSuspected or PulseRejoined);
    }

    /// <summary>The others have taken its own later commit, which the copy has not: it may commit nothing behind that one.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_store_that_is_put_back_to_before_a_commit_of_its_own_makes_no_line_of_its_own(bool takesJoins)
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, Member carol) = await world.RooftopAsync(new PulseOptions
        {
            Suite = PulseSuite.X25519,
            Rights = PulseRights.Default with { ExternalJoin = takesJoins },
        });
        await world.SettleAsync(2);
        await alice.Client.DisposeAsync();
        InMemoryStore copy = alice.Store.Copy();
        await alice.RestartAsync();
        await (await alice.PulseAsync(pulse.Id)).SetRoleAsync("carol", PulseRole.Admin);
        await world.SettleAsync(2);
        await alice.RestoreAsync(copy);
        for (int i = 0; i < 4; i++)
        {
            world.Clock.Advance(TimeSpan.FromHours(2));
            await world.SettleAsync(3);
        }

        Assert.DoesNotContain(world.Members.SelectMany(member => member.Seen), e => e is PulseForkSuspected);
        if (takesJoins)
        {
            Assert.Equal(PulseRole.Admin, (await alice.RosterAsync(pulse.Id)).Find("carol")!.Role);
        }
        else
        {
            // It says that it cannot follow, and nothing that nobody would read.
            Assert.Single(alice.Seen.OfType<PulseStalled>());
            await bob.TellAsync(pulse.Id, "to carol");
            await world.SettleAsync(2);
            Assert.Contains("to carol", carol.PulseTexts(pulse.Id));
        }
    }
}
