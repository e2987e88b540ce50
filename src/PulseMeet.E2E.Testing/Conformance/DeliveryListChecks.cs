using System.Security.Cryptography;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>docs/protocol-relay.md, "Groups": who gets what is sent.</summary>
internal static class DeliveryListChecks
{
    public static IReadOnlyList<ConformanceCheck<RelayUnderTest>> All { get; } =
    [
        new("A message goes once to all on the list but the sending device, and from nobody else.", SendAsync),
        new("A long message to many is read by each until each has acknowledged it, and outlives cleaning up.", LongAsync),
        new("Who is no member of a group can neither create it a second time nor offer for it.", StrangerAsync),
        new("A device of a member's user joins from outside where there is a group info, and then gets what is sent.", OutsideAsync),
        new("A removed device gets nothing of later epochs, sends in none, and gets its own epoch's.", RemovedAsync),
        new("Whom a later candidate names stays; whom the first one names falsely still gets what is sent in the epoch, and comes back by subscribing.", FalseRemovalAsync),
        new("A commit from outside takes off devices of its own user alone.", OutsideRemovalAsync),
        new("A device takes itself off and puts itself on again; one that was never on does not.", SubscribeAsync),
        new("A device that leaves its user's list leaves its groups.", LeavingAsync),
        new("Groups count towards the share of the sending user; a full mailbox misses the message and the others get it.", FullAsync),
    ];

    private static async Task SendAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser alice = await world.UserAsync("alice", "phone", "laptop").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        RelayTestDevice stranger = await world.DeviceAsync("stranger").ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice["phone"], alice["laptop"], bob).ConfigureAwait(false);
        byte[] id = RelayWorld.NewId();
        await group.SendAsync(alice["phone"], 1, [1], id).ConfigureAwait(false);
        await group.SendAsync(alice["phone"], 1, [2], id).ConfigureAwait(false);
        await group.SendAsync(bob, 1, [3], id).ConfigureAwait(false);
        MailboxItem item = (await bob.LookAsync().ConfigureAwait(false)).Single();
        Expect.Equal(MailboxItemKind.GroupMessage, item.Kind, "The kind");
        Expect.Equal(alice["phone"].Address, item.Sender, "The sender");
        Expect.Same(group.Id, item.GroupId, "The group's id");
        Expect.Same(id, item.EnvelopeId, "The message's id");
        Expect.Equal("3|13|1|", await RelayTestGroup.GotAsync(alice["phone"], alice["laptop"], bob, stranger).ConfigureAwait(false), "What all got");
        await group.SendAsync(alice["phone"], 1, [4], id).ConfigureAwait(false);
        Expect.Equal(string.Empty, await RelayTestGroup.GotAsync(bob).ConfigureAwait(false), "The same again after it was acknowledged");
        await Expect.RefusedAsync(E2EError.NotAllowed, () => group.SendAsync(stranger, 1, [5]), "A stranger's message").ConfigureAwait(false);
        await Expect.RefusedAsync(
            E2EError.NotAllowed, () => new RelayTestGroup(world).SendAsync(bob, 1, [5]), "A message to no group").ConfigureAwait(false);
    }

    private static async Task LongAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice[] others =
            [await world.DeviceAsync("bob").ConfigureAwait(false), await world.DeviceAsync("carol").ConfigureAwait(false), await world.DeviceAsync("dave").ConfigureAwait(false)];
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, others).ConfigureAwait(false);
        byte[] content = RandomNumberGenerator.GetBytes(100_000);
        await group.SendAsync(alice, 1, content).ConfigureAwait(false);
        foreach (RelayTestDevice other in others)
        {
            MailboxItem item = (await other.LookAsync().ConfigureAwait(false)).Single();
            Expect.Same(content, item.Content, "The message");
            await other.AcknowledgeAsync([item]).ConfigureAwait(false);
            await subject.Relay.CleanUpAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task StrangerAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice mallory = await world.DeviceAsync("mallory").ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.OfferAsync(alice, 0, [], groupInfo: [4]).ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.NotAllowed, () => group.OfferAsync(mallory, 0, []), "Creating it again").ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.NotAllowed, () => group.OfferAsync(mallory, 0, [1]), "An offer").ConfigureAwait(false);
        await Expect.RefusedAsync(
            E2EError.UnknownDevice,
            () => world.Connect(mallory.Address.UserId, "invented").OfferCommitAsync(
                new(RelayWorld.NewGroupId(), 0, RelayWorld.NewId(), new byte[1], [], [], ReadOnlyMemory<byte>.Empty, ReadOnlyMemory<byte>.Empty), cancellationToken),
            "A group of an invented device").ConfigureAwait(false);
        await group.SendAsync(alice, 0, [1]).ConfigureAwait(false);
        Expect.Equal(string.Empty, await RelayTestGroup.GotAsync(mallory).ConfigureAwait(false), "What the stranger got");
    }

    private static async Task OutsideAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser alice = await world.UserAsync("alice", "phone", "laptop").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(bob, alice["phone"]).ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.NotAllowed, () => group.OfferAsync(alice["laptop"], 1, [1]), "Without a group info").ConfigureAwait(false);
        await group.OfferAsync(bob, 1, [2], groupInfo: [4]).ConfigureAwait(false);
        Expect.Equal(0, await group.OfferAsync(alice["laptop"], 2, [3], groupInfo: [5]).ConfigureAwait(false), "The place");
        await group.SendAsync(bob, 3, [4]).ConfigureAwait(false);
        await group.SendAsync(alice["laptop"], 3, [5]).ConfigureAwait(false);
        Expect.Equal("35|2345|4", await RelayTestGroup.GotAsync(bob, alice["phone"], alice["laptop"]).ConfigureAwait(false), "What all got");
    }

    private static async Task RemovedAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        RelayTestDevice carol = await world.DeviceAsync("carol").ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, bob, carol).ConfigureAwait(false);
        await group.OfferAsync(alice, 1, [1], removed: [carol]).ConfigureAwait(false);
        await group.SendAsync(bob, 1, [2]).ConfigureAwait(false);
        await group.SendAsync(carol, 1, [3]).ConfigureAwait(false);
        await group.SendAsync(alice, 2, [4]).ConfigureAwait(false);
        await group.OfferAsync(bob, 2, [5]).ConfigureAwait(false);
        Expect.Equal("235|134|12", await RelayTestGroup.GotAsync(alice, bob, carol).ConfigureAwait(false), "What all got");
        await Expect.RefusedAsync(E2EError.NotAllowed, () => group.SendAsync(carol, 2, [6]), "Sending afterwards").ConfigureAwait(false);
        Expect.That((await group.CandidatesAsync(carol, 1).ConfigureAwait(false)).Count > 0, "Who was a member sees no candidates.");
        await group.OfferAsync(alice, 3, [7], welcomes: [carol]).ConfigureAwait(false);
        await group.SendAsync(alice, 4, [8]).ConfigureAwait(false);
        Expect.Equal("78", await RelayTestGroup.GotAsync(carol).ConfigureAwait(false), "What a member gets that came back");
    }

    private static async Task FalseRemovalAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        RelayTestDevice mallory = await world.DeviceAsync("mallory").ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, bob, mallory).ConfigureAwait(false);
        await group.OfferAsync(alice, 1, [1]).ConfigureAwait(false);
        await group.OfferAsync(mallory, 1, [2], removed: [bob]).ConfigureAwait(false);
        await group.SendAsync(alice, 2, [3]).ConfigureAwait(false);
        Expect.Equal("123", await RelayTestGroup.GotAsync(bob).ConfigureAwait(false), "Named by a second candidate");
        await group.OfferAsync(mallory, 2, [4], removed: [bob]).ConfigureAwait(false);
        await group.SendAsync(mallory, 3, [5]).ConfigureAwait(false);
        await group.SendAsync(alice, 2, [6]).ConfigureAwait(false);
        await group.OfferAsync(alice, 2, [7]).ConfigureAwait(false);
        Expect.Equal("467", await RelayTestGroup.GotAsync(bob).ConfigureAwait(false), "Named by a first candidate that is not valid");
        await bob.Relay.SubscribeAsync(group.Id, true, cancellationToken).ConfigureAwait(false);
        await group.SendAsync(alice, 3, [8]).ConfigureAwait(false);
        Expect.Equal("8", await RelayTestGroup.GotAsync(bob).ConfigureAwait(false), "After subscribing again");
    }

    private static async Task OutsideRemovalAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser mallory = await world.UserAsync("mallory", "phone", "laptop").ConfigureAwait(false);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, bob, mallory["phone"]).ConfigureAwait(false);
        await group.OfferAsync(alice, 1, [1], groupInfo: [4]).ConfigureAwait(false);
        await group.OfferAsync(mallory["laptop"], 2, [2], removed: [bob, mallory["phone"]]).ConfigureAwait(false);
        await group.SendAsync(alice, 3, [3]).ConfigureAwait(false);
        Expect.Equal("123|12", await RelayTestGroup.GotAsync(bob, mallory["phone"]).ConfigureAwait(false), "What they got");
    }

    private static async Task SubscribeAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        RelayTestDevice stranger = await world.DeviceAsync("stranger").ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, bob).ConfigureAwait(false);
        await stranger.Relay.SubscribeAsync(group.Id, true, cancellationToken).ConfigureAwait(false);
        await stranger.Relay.SubscribeAsync(RelayWorld.NewGroupId(), true, cancellationToken).ConfigureAwait(false);
        await bob.Relay.SubscribeAsync(group.Id, false, cancellationToken).ConfigureAwait(false);
        await group.SendAsync(alice, 1, [1]).ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.NotAllowed, () => group.SendAsync(bob, 1, [2]), "Sending while off").ConfigureAwait(false);
        await bob.Relay.SubscribeAsync(group.Id, true, cancellationToken).ConfigureAwait(false);
        await bob.Relay.SubscribeAsync(group.Id, true, cancellationToken).ConfigureAwait(false);
        await group.SendAsync(alice, 1, [3]).ConfigureAwait(false);
        Expect.Equal("3|", await RelayTestGroup.GotAsync(bob, stranger).ConfigureAwait(false), "What they got");
    }

    private static async Task LeavingAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone", "laptop").ConfigureAwait(false);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, bob["phone"], bob["laptop"]).ConfigureAwait(false);
        await bob.ListAsync("phone").ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.UnknownDevice, () => group.SendAsync(bob["laptop"], 1, [1]), "Sending").ConfigureAwait(false);
        await bob.ListAsync("phone", "laptop").ConfigureAwait(false);
        await bob["laptop"].Relay.SubscribeAsync(group.Id, true, cancellationToken).ConfigureAwait(false);
        await group.SendAsync(alice, 1, [2]).ConfigureAwait(false);
        Expect.Equal("2|", await RelayTestGroup.GotAsync(bob["phone"], bob["laptop"]).ConfigureAwait(false), "What they got");
        Expect.Equal(0, (await group.CandidatesAsync(bob["laptop"]).ConfigureAwait(false)).Count, "Candidates");
    }

    private static async Task FullAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        RelayTestDevice carol = await world.DeviceAsync("carol").ConfigureAwait(false);
        var group = new RelayTestGroup(world);
        await group.CreateAsync(alice, bob, carol).ConfigureAwait(false);
        int fitting = (int)(RelayLimits.MaxMailboxBytes * RelayLimits.MaxSenderShare / RelayLimits.MaxEnvelopeSize);
        for (int i = 0; i < fitting; i++)
        {
            await alice.DeliverAsync(bob, new byte[RelayLimits.MaxEnvelopeSize]).ConfigureAwait(false);
        }

        await group.SendAsync(alice, 1, [1]).ConfigureAwait(false);
        await group.SendAsync(carol, 1, [2]).ConfigureAwait(false);
        List<MailboxItem> items = await bob.DrainAsync().ConfigureAwait(false);
        Expect.Order([2], items.Where(item => item.Kind == MailboxItemKind.GroupMessage).Select(item => (int)item.Content.Span[0]), "What a full mailbox got");
        Expect.Equal("1", await RelayTestGroup.GotAsync(carol).ConfigureAwait(false), "What the other got");
    }
}
