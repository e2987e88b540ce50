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
}
