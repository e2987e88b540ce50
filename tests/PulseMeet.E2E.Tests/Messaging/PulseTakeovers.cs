using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Attacks of a stranger together with the relay: another group under a chat's id, a Welcome shown again, and what was said before
/// somebody came.</summary>
public sealed class PulseTakeovers
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_group_of_strangers_under_a_chats_id_takes_nobody_out_of_it_and_gets_none_of_its_messages(bool isByWelcome)
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        Member mallory = await world.SignUpAsync("mallory");
        await world.SettleAsync(1);
        await bob.TellAsync(pulse.Id, "between us");
        await world.SettleAsync(2);
        using PulseForeign foreign = await PulseForeign.OfAsync(world, mallory, pulse.Id, epoch: 50);
        PreparedCommit trap = await foreign.BringAsync(bob);
        byte[] hash = Sha256.Hash(trap.Snapshot);

        // The relay makes the device unable to follow, and offers it the stranger's group instead.
        world.Relay.ShownCandidates = (caller, epoch, _, candidates) => caller != bob.Address || candidates.Count == 0 ? candidates
            : [candidates[0] with { Epoch = epoch + 1, Place = 0 }];
        world.Relay.ShownInfo = (caller, info) => caller != bob.Address ? info
            : isByWelcome ? null : PulsePackage.WithSnapshot(hash, trap.GroupInfo);
        world.Relay.ShownTree = (caller, tree) => caller == bob.Address ? tree ?? trap.Snapshot : tree;
        await pulse.RenameAsync("Roof");
        await bob.SyncAsync();
        if (isByWelcome)
        {
            foreign.Plant(trap, hash);
        }

        await bob.TellAsync(pulse.Id, "still between us");
        await bob.SyncAsync();
        await bob.SyncAsync();
        Assert.Equal(["alice", "bob", "carol"], (await bob.RosterAsync(pulse.Id)).Members.Select(member => member.UserId));
        Assert.DoesNotContain(
            world.Relay.GroupMessages, told => MlsMessage.Decode<PrivateMessage>(told.Message.Content.Span).Epoch >= 50);
        Assert.DoesNotContain(bob.Seen, e => e is PulseJoined { By.UserId: "mallory" } or PulseRejoined);
        Assert.Equal(E2EError.GroupJoinRefused, isByWelcome
            ? Assert.Single(bob.Seen.OfType<PulseMessageUnreadable>()).Reason
            : Assert.Single(bob.Seen.OfType<PulseStalled>()).Reason);

        // It comes back to those with whom it was.
        world.Relay.ShownCandidates = (_, _, _, candidates) => candidates;
        world.Relay.ShownInfo = (_, info) => info;
        world.Clock.Advance(TimeSpan.FromHours(2));
        await world.SettleAsync(4);
        Assert.Equal(["between us", "still between us"], alice.PulseTexts(pulse.Id));
        Assert.Equal("Roof", (await bob.RosterAsync(pulse.Id)).Name);
    }

    [Fact]
    public async Task A_chat_that_was_left_is_not_opened_again_by_the_Welcome_that_once_led_into_it()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        Member bob = await world.SignUpAsync("bob");
        await world.SettleAsync(1);
        for (int i = 0; i < PulseKeys.Packages; i++)
        {
            // What is left is the last resort, which stays.
            await world.Relay.Connect(alice.Address).ClaimKeyPackagesAsync("bob");
        }

        MailboxItem? shown = null;
        world.Relay.OnPage = (caller, items) =>
        {
            shown ??= items.FirstOrDefault(item => caller == bob.Address && item.Kind == MailboxItemKind.Welcome);
            return items;
        };
        PulseChat pulse = await alice.Client.CreatePulseAsync("Rooftop", ["bob"], new PulseOptions { Suite = PulseSuite.X25519 });
        await world.SettleAsync(2);
        await (await bob.PulseAsync(pulse.Id)).LeaveAsync();
        await world.SettleAsync(3);
        Assert.Single(bob.Seen.OfType<PulseClosed>());

        // The relay repeats it, and changes what no signature covers.
        (byte[] hash, byte[] message) = PulsePackage.ReadWithSnapshot(shown!.Content.Span);
        Welcome first = MlsMessage.Decode<Welcome>(message);
        var again = new Welcome(
            first.Suite, [.. first.Secrets, new EncryptedGroupSecrets(new byte[Sha256.Size], first.Secrets[0].Secrets)], first.EncryptedGroupInfo);
        foreach (byte[] content in new[] { message, MlsMessage.Encode(WireFormat.Welcome, again) })
        {
            world.Relay.Put(
                alice.Address,
                new OutgoingEnvelope(bob.Address, shown.EnvelopeId, PulsePackage.WithSnapshot(hash, content)),
                MailboxItemKind.Welcome,
                pulse.Id.ToArray());
        }

        await world.SettleAsync(2);
        Assert.Single(bob.Seen.OfType<PulseJoined>());
        Assert.True((await bob.RosterAsync(pulse.Id)).IsClosed);
        await pulse.AddAsync("bob");
        await world.SettleAsync(3);
        Assert.Equal(2, bob.Seen.OfType<PulseJoined>().Count());
        Assert.False((await bob.RosterAsync(pulse.Id)).IsClosed);
    }

    /// <summary>Attacks 24 and 54, where the one who is asked was away when the other came in.</summary>
    [Fact]
    public async Task Whoever_came_while_a_device_could_not_follow_gets_nothing_from_it_that_was_said_before()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        Member dave = await world.SignUpAsync("dave");
        await world.SettleAsync(1);
        string early = new('e', 5000);
        await bob.TellAsync(pulse.Id, early);
        await world.SettleAsync(2);
        bob.IsActive = false;
        await pulse.AddAsync("dave");
        await world.SettleAsync(2);
        ulong now = await world.EpochAsync(pulse.Id, alice);
        world.Relay.ShownCandidates = (caller, epoch, _, candidates) => caller != bob.Address || epoch >= now || candidates.Count == 0 ? candidates
            : [candidates[0] with { Epoch = now, Place = 0 }];
        bob.IsActive = true;
        await world.SettleAsync(3);
        Assert.Single(bob.Seen.OfType<PulseRejoined>());
        PulseMembersChanged changed = Assert.Single(bob.Seen.OfType<PulseMembersChanged>());
        Assert.Equal("dave", Assert.Single(changed.Added));
        await bob.TellAsync(pulse.Id, "after");
        await world.SettleAsync(3);
        Assert.Equal(["after"], dave.PulseTexts(pulse.Id));

        Engine engine = await dave.Client.OpenAsync(default);
        MessageId stream = dave.Seen.OfType<PulseMessageReceived>().Single().Sealed.Stream.StreamId;
        var ask = new PulseSayRecord(
            bob.Address,
            (await bob.Client.OpenAsync(default)).Core.Identity.Certificate.AccountKey.ToArray(),
            pulse.Id,
            ResendRequest,
            new ResendNames(stream, [new NumberRange(1, 1)], []).Encode());
        await engine.Core.ChangeAsync([], work =>
        {
            work.Put(RecordKey.PulseSays, ask.Key, ask.Encode());
            return Task.CompletedTask;
        }, default);
        await world.SettleAsync(5);
        Assert.Contains(world.Relay.Delivered, told => told.Sender == bob.Address && told.Envelope.Recipient == dave.Address);
        Assert.DoesNotContain(
            world.Relay.Delivered,
            told => told.Sender == bob.Address && told.Envelope.Recipient == dave.Address && told.Envelope.Content.Length >= early.Length);
    }

    private const ushort ResendRequest = E2E.Messaging.ContentType.ResendRequest;
}
