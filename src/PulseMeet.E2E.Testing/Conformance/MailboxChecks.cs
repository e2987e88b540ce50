using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>docs/protocol-relay.md, "Mailboxes": delivering, once, order, receiving, acknowledging, age.</summary>
internal static class MailboxChecks
{
    public static IReadOnlyList<ConformanceCheck<RelayUnderTest>> All { get; } =
    [
        new("What is delivered is received in order of arrival, with its sender, id and time.", InOrderAsync),
        new("An envelope that is delivered again is accepted and puts nothing, also after it was acknowledged; the first content stays.", OnceAsync),
        new("After the greatest age an envelope of the same id is a new one.", OnceForItsAgeAsync),
        new("The same id of another sender, and to another device, is another envelope.", SameIdElsewhereAsync),
        new("What is not acknowledged comes again; acknowledging removes what is named, and nothing of another mailbox.", AcknowledgeAsync),
        new("A page leaves out what the device holds already, and gives at most as many as asked for.", PageAsync),
        new("Each envelope has its own outcome; one to an unknown device stops no other.", OutcomesAsync),
        new("Who is not on their user's list can neither deliver nor receive.", UnlistedAsync),
        new("What is past its age is given to nobody, cleaned up or not.", AgeAsync),
        new("A device that leaves the list loses its mailbox; one that comes back begins with an empty one and higher ids.", LeavingAsync),
        new("Deliveries, readings and acknowledgements at once lose and double nothing.", ConcurrentlyAsync),
        new("The relay answers with the highest store revision that the device ever told, the present one included.", RevisionAsync),
    ];

    private static async Task InOrderAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        List<byte[]> ids = [];
        for (byte i = 0; i < 5; i++)
        {
            ids.Add(await alice.DeliverAsync(bob, [i]).ConfigureAwait(false));
        }

        byte[] first = RelayWorld.NewId();
        byte[] second = RelayWorld.NewId();
        await alice.Relay.DeliverAsync(
            [new(bob.Address, first, new byte[] { 5 }), new(bob.Address, second, new byte[] { 6 })], cancellationToken).ConfigureAwait(false);
        IReadOnlyList<MailboxItem> items = await bob.LookAsync().ConfigureAwait(false);
        Expect.Order(Enumerable.Range(0, 7), items.Select(item => (int)item.Content.Span[0]), "The contents");
        Expect.Order([.. ids.Select(Convert.ToHexString), Convert.ToHexString(first), Convert.ToHexString(second)],
            items.Select(item => Convert.ToHexString(item.EnvelopeId.Span)), "The ids");
        Expect.Order(items.Select(item => item.Id).Distinct().Order(), items.Select(item => item.Id), "The relay's ids");
        Expect.That(items.All(item => item.Sender == alice.Address && item.Kind == MailboxItemKind.Envelope && item.GroupId.IsEmpty), "The sender or the kind is another.");
        Expect.That(
            items.All(item => (item.ArrivedAt - world.Clock.GetUtcNow()).Duration() <= TimeSpan.FromSeconds(1)),
            "The time of arrival is not the relay's clock's.");
    }

    private static async Task OnceAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        byte[] id = await alice.DeliverAsync(bob, [1]).ConfigureAwait(false);
        Expect.Equal(DeliveryOutcome.Accepted, await alice.DeliverAsync(bob, id, [2]).ConfigureAwait(false), "The second time");
        List<MailboxItem> items = await bob.DrainAsync().ConfigureAwait(false);
        Expect.Equal(1, items.Count, "Items");
        Expect.Equal(1, items[0].Content.Span[0], "The content");
        Expect.Equal(DeliveryOutcome.Accepted, await alice.DeliverAsync(bob, id, [3]).ConfigureAwait(false), "After acknowledging");
        Expect.Equal(0, (await bob.LookAsync().ConfigureAwait(false)).Count, "Items after acknowledging");
    }

    private static async Task OnceForItsAgeAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        byte[] id = await alice.DeliverAsync(bob, [1]).ConfigureAwait(false);
        world.Clock.Advance(RelayLimits.MaxEnvelopeAge - TimeSpan.FromSeconds(1));
        await alice.DeliverAsync(bob, id, [2]).ConfigureAwait(false);
        Expect.Equal(1, (await bob.DrainAsync().ConfigureAwait(false)).Count, "Items just before");
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await alice.DeliverAsync(bob, id, [3]).ConfigureAwait(false);
        Expect.Equal(1, (await bob.DrainAsync().ConfigureAwait(false)).Count, "Items afterwards");
    }

    private static async Task SameIdElsewhereAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser alice = await world.UserAsync("alice", "phone", "laptop").ConfigureAwait(false);
        RelayTestUser bob = await world.UserAsync("bob", "phone", "laptop").ConfigureAwait(false);
        byte[] id = await alice["phone"].DeliverAsync(bob["phone"], [1]).ConfigureAwait(false);
        await alice["laptop"].DeliverAsync(bob["phone"], id, [2]).ConfigureAwait(false);
        await alice["phone"].DeliverAsync(bob["laptop"], id, [3]).ConfigureAwait(false);
        Expect.Order([1, 2], (await bob["phone"].LookAsync().ConfigureAwait(false)).Select(item => (int)item.Content.Span[0]), "The phone's");
        Expect.Order([3], (await bob["laptop"].LookAsync().ConfigureAwait(false)).Select(item => (int)item.Content.Span[0]), "The laptop's");
    }

    private static async Task AcknowledgeAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        for (byte i = 0; i < 3; i++)
        {
            await alice.DeliverAsync(bob, [i]).ConfigureAwait(false);
        }

        IReadOnlyList<MailboxItem> items = await bob.LookAsync().ConfigureAwait(false);
        await alice.AcknowledgeAsync(items).ConfigureAwait(false);
        Expect.Equal(3, (await bob.LookAsync().ConfigureAwait(false)).Count, "Items after another device acknowledged them");
        await bob.Relay.AcknowledgeAsync([items[1].Id, items[1].Id, long.MaxValue, -1], cancellationToken).ConfigureAwait(false);
        Expect.Order([items[0].Id, items[2].Id], (await bob.LookAsync().ConfigureAwait(false)).Select(item => item.Id), "What is left");
    }

    private static async Task PageAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        for (byte i = 0; i < 5; i++)
        {
            await alice.DeliverAsync(bob, [i]).ConfigureAwait(false);
        }

        long[] ids = [.. (await bob.LookAsync().ConfigureAwait(false)).Select(item => item.Id)];
        Expect.Order(ids[..2], (await bob.LookAsync(2).ConfigureAwait(false)).Select(item => item.Id), "The first page");
        Expect.Order([ids[1], ids[3]], (await bob.LookAsync(2, ids[0], ids[2]).ConfigureAwait(false)).Select(item => item.Id), "Without two");
    }

    private static async Task OutcomesAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        IReadOnlyList<DeliveryOutcome> outcomes = await alice.Relay.DeliverAsync(
            [
                new(new DeviceAddress(world.Name("nobody"), "phone"), RelayWorld.NewId(), new byte[1]),
                new(bob.Address, RelayWorld.NewId(), new byte[1]),
                new(new DeviceAddress(bob.Address.UserId, "other"), RelayWorld.NewId(), new byte[1]),
            ],
            cancellationToken).ConfigureAwait(false);
        Expect.Order([DeliveryOutcome.UnknownDevice, DeliveryOutcome.Accepted, DeliveryOutcome.UnknownDevice], outcomes, "The outcomes");
        Expect.Equal(1, (await bob.LookAsync().ConfigureAwait(false)).Count, "Items");
        Expect.Equal(0, (await alice.Relay.DeliverAsync([], cancellationToken).ConfigureAwait(false)).Count, "Outcomes of no envelopes");
    }

    private static async Task UnlistedAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        IE2ERelay invented = world.Connect(bob.Address.UserId, "invented");
        await Expect.RefusedAsync(
            E2EError.UnknownDevice,
            () => invented.DeliverAsync([new(bob.Address, RelayWorld.NewId(), new byte[1])], cancellationToken),
            "Delivering").ConfigureAwait(false);
        await Expect.RefusedAsync(
            E2EError.UnknownDevice, () => invented.ReceiveAsync(new(1, TimeSpan.Zero, 0, []), cancellationToken), "Receiving").ConfigureAwait(false);
        await Expect.RefusedAsync(
            E2EError.UnknownDevice,
            () => invented.SignalAsync(new(bob.Address, RelayWorld.NewId(), new byte[1]), cancellationToken),
            "A signal").ConfigureAwait(false);
        await invented.AcknowledgeAsync([1], cancellationToken).ConfigureAwait(false);
        Expect.Equal(0, (await bob.LookAsync().ConfigureAwait(false)).Count, "Items");
    }

    private static async Task AgeAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        await alice.DeliverAsync(bob, [1]).ConfigureAwait(false);
        world.Clock.Advance(TimeSpan.FromDays(1));
        await alice.DeliverAsync(bob, [2]).ConfigureAwait(false);
        world.Clock.Advance(RelayLimits.MaxEnvelopeAge - TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        Expect.Equal(2, (await bob.LookAsync().ConfigureAwait(false)).Count, "Items just before");
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        Expect.Order([2], (await bob.LookAsync().ConfigureAwait(false)).Select(item => (int)item.Content.Span[0]), "Items at the age of the first");
        await subject.Relay.CleanUpAsync(cancellationToken).ConfigureAwait(false);
        Expect.Order([2], (await bob.LookAsync().ConfigureAwait(false)).Select(item => (int)item.Content.Span[0]), "Items after cleaning up");
    }

    private static async Task LeavingAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestUser bob = await world.UserAsync("bob", "phone", "laptop").ConfigureAwait(false);
        await alice.DeliverAsync(bob["laptop"], [1]).ConfigureAwait(false);
        long id = (await bob["laptop"].LookAsync().ConfigureAwait(false))[0].Id;
        await bob.ListAsync("phone").ConfigureAwait(false);
        Expect.Equal(
            DeliveryOutcome.UnknownDevice, await alice.DeliverAsync(bob["laptop"], RelayWorld.NewId(), [2]).ConfigureAwait(false), "Delivering");
        await Expect.RefusedAsync(E2EError.UnknownDevice, () => bob["laptop"].LookAsync(), "Receiving").ConfigureAwait(false);
        await bob.ListAsync("phone", "laptop").ConfigureAwait(false);
        Expect.Equal(0, (await bob["laptop"].LookAsync().ConfigureAwait(false)).Count, "Items");
        await alice.DeliverAsync(bob["laptop"], [3]).ConfigureAwait(false);
        Expect.That((await bob["laptop"].LookAsync().ConfigureAwait(false))[0].Id > id, "An id was given twice.");
    }

    private static async Task ConcurrentlyAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        const int Senders = 6;
        const int Each = 30;
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        RelayTestDevice[] senders = await Task.WhenAll(
            Enumerable.Range(0, Senders).Select(index => world.DeviceAsync($"sender{index}"))).ConfigureAwait(false);
        Task<int[]> sending = RelayWorld.AtOnceAsync(Senders, async index =>
        {
            for (byte i = 0; i < Each; i++)
            {
                byte[] id = RelayWorld.NewId();
                await Task.WhenAll(
                    senders[index].DeliverAsync(bob, id, [(byte)index, i]),
                    senders[index].DeliverAsync(bob, id, [(byte)index, i])).ConfigureAwait(false);
            }

            return Each;
        });

        // Two readers at once: what one acknowledges the other may have been given too, but nothing after that.
        Dictionary<long, string> seen = [];
        HashSet<long> gone = [];
        while (!sending.IsCompleted || (await bob.LookAsync(1).ConfigureAwait(false)).Count > 0)
        {
            IReadOnlyList<MailboxItem>[] pages = await Task.WhenAll(bob.LookAsync(7), bob.LookAsync(7)).ConfigureAwait(false);
            foreach (MailboxItem item in pages[0].Concat(pages[1]))
            {
                Expect.That(!gone.Contains(item.Id), "An acknowledged item came again.");
                seen[item.Id] = Convert.ToHexString(item.Content.Span);
            }

            await bob.AcknowledgeAsync(pages[0]).ConfigureAwait(false);
            gone.UnionWith(pages[0].Select(item => item.Id));
        }

        await sending.ConfigureAwait(false);
        string[] contents = [.. seen.Values];
        Expect.Equal(Senders * Each, contents.Length, "Items");
        Expect.Equal(Senders * Each, contents.Distinct().Count(), "Different items");
    }

    private static async Task RevisionAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone", "laptop").ConfigureAwait(false);
        Expect.Equal(7L, await RevisionAsync(bob["phone"], 7).ConfigureAwait(false), "The first");
        Expect.Equal(7L, await RevisionAsync(bob["phone"], 3).ConfigureAwait(false), "A lower one");
        Expect.Equal(1L, await RevisionAsync(bob["laptop"], 1).ConfigureAwait(false), "Another device's");
        bob.Reinstall("phone");
        await bob.ListAsync("laptop", "phone").ConfigureAwait(false);
        Expect.Equal(2L, await RevisionAsync(bob["phone"], 2).ConfigureAwait(false), "With new keys");

        async Task<long> RevisionAsync(RelayTestDevice device, long revision) => (await device.Relay.ReceiveAsync(
            new(1, TimeSpan.Zero, revision, []), cancellationToken).ConfigureAwait(false)).HighestStoreRevision;
    }
}
