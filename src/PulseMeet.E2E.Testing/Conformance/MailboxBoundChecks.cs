using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>docs/protocol-relay.md, "Mailboxes" and "Bounds": what one sender, one request and one page may hold.</summary>
internal static class MailboxBoundChecks
{
    private static readonly int s_share = (int)(RelayLimits.MaxMailboxItems * RelayLimits.MaxSenderShare);

    public static IReadOnlyList<ConformanceCheck<RelayUnderTest>> All { get; } =
    [
        new("One user, with all devices, fills a quarter of a mailbox by number and no more; others get through, and nothing is dropped.", ShareAsync),
        new("One user fills a quarter of a mailbox by bytes and no more.", ShareOfBytesAsync),
        new("Four users fill a mailbox until its owner acknowledges.", FullAsync),
        new("A request over its bound, or with one envelope over its bound, is refused whole.", RequestAsync),
        new("A page has at most the bytes of a request.", PageOfBytesAsync),
        new("Numbers and ids out of their range are the caller's mistake.", MistakesAsync),
    ];

    private static async Task ShareAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser mallory = await world.UserAsync("mallory", "phone", "laptop").ConfigureAwait(false);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        Expect.Equal(s_share / 2, await FloodAsync(mallory["phone"], bob, s_share / 2, 1).ConfigureAwait(false), "Accepted from one device");
        Expect.Equal(s_share - (s_share / 2), await FloodAsync(mallory["laptop"], bob, s_share, 1).ConfigureAwait(false), "Accepted from the other");
        Expect.Equal(
            DeliveryOutcome.MailboxFull, await mallory["phone"].DeliverAsync(bob, RelayWorld.NewId(), [1]).ConfigureAwait(false), "One more");
        await alice.DeliverAsync(bob, [2]).ConfigureAwait(false);
        IReadOnlyList<MailboxItem> page = await bob.LookAsync(10).ConfigureAwait(false);
        await bob.AcknowledgeAsync(page).ConfigureAwait(false);
        Expect.Equal(page.Count, await FloodAsync(mallory["phone"], bob, 20, 1).ConfigureAwait(false), "Accepted after as many were acknowledged");
        Expect.Equal(s_share + 1, (await bob.DrainAsync().ConfigureAwait(false)).Count, "Items");
    }

    private static async Task ShareOfBytesAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice mallory = await world.DeviceAsync("mallory").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        int fitting = (int)(RelayLimits.MaxMailboxBytes * RelayLimits.MaxSenderShare / RelayLimits.MaxEnvelopeSize);
        Expect.Equal(
            fitting, await FloodAsync(mallory, bob, fitting + 1, RelayLimits.MaxEnvelopeSize).ConfigureAwait(false), "Accepted of the longest");
    }

    private static async Task FullAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        for (int user = 0; user < RelayLimits.MaxMailboxItems / s_share; user++)
        {
            RelayTestDevice mallory = await world.DeviceAsync($"mallory{user}").ConfigureAwait(false);
            Expect.Equal(s_share, await FloodAsync(mallory, bob, s_share, 1).ConfigureAwait(false), "Accepted");
        }

        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        byte[] id = RelayWorld.NewId();
        Expect.Equal(DeliveryOutcome.MailboxFull, await alice.DeliverAsync(bob, id, [1]).ConfigureAwait(false), "One more");
        await bob.AcknowledgeAsync(await bob.LookAsync(1).ConfigureAwait(false)).ConfigureAwait(false);
        Expect.Equal(DeliveryOutcome.Accepted, await alice.DeliverAsync(bob, id, [1]).ConfigureAwait(false), "The same again");
        Expect.Equal(RelayLimits.MaxMailboxItems, (await bob.DrainAsync().ConfigureAwait(false)).Count, "Items");
    }

    private static async Task RequestAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        OutgoingEnvelope small = Envelope(bob, 1);
        await Expect.RefusedAsync(
            E2EError.LimitExceeded,
            () => alice.Relay.DeliverAsync([small, Envelope(bob, RelayLimits.MaxEnvelopeSize + 1)], cancellationToken),
            "An envelope that is too long").ConfigureAwait(false);
        OutgoingEnvelope[] whole = [.. Enumerable.Range(0, RelayLimits.MaxRequestSize / RelayLimits.MaxEnvelopeSize)
            .Select(_ => Envelope(bob, RelayLimits.MaxEnvelopeSize))];
        await Expect.RefusedAsync(
            E2EError.LimitExceeded, () => alice.Relay.DeliverAsync([small, .. whole], cancellationToken), "Too many bytes").ConfigureAwait(false);
        OutgoingEnvelope[] many = [.. Enumerable.Range(0, RelayLimits.MaxRequestItems + 1).Select(_ => Envelope(bob, 1))];
        await Expect.RefusedAsync(
            E2EError.LimitExceeded, () => alice.Relay.DeliverAsync(many, cancellationToken), "Too many envelopes").ConfigureAwait(false);
        Expect.Equal(0, (await bob.LookAsync().ConfigureAwait(false)).Count, "Items");
        IReadOnlyList<DeliveryOutcome> outcomes = await alice.Relay.DeliverAsync(whole, cancellationToken).ConfigureAwait(false);
        Expect.That(outcomes.All(outcome => outcome == DeliveryOutcome.Accepted), "The longest request is not taken.");
    }

    private static async Task PageOfBytesAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        int fitting = RelayLimits.MaxRequestSize / RelayLimits.MaxEnvelopeSize;
        await FloodAsync(alice, bob, fitting + 3, RelayLimits.MaxEnvelopeSize).ConfigureAwait(false);
        Expect.Equal(fitting, (await bob.LookAsync().ConfigureAwait(false)).Count, "Items of a page");
        Expect.Equal(fitting + 3, (await bob.DrainAsync().ConfigureAwait(false)).Count, "Items in all");
    }

    private static async Task MistakesAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        IE2ERelay relay = bob.Relay;
        TimeSpan tooLong = RelayLimits.MaxWait + TimeSpan.FromTicks(1);
        (string What, Func<Task> Call)[] calls =
        [
            ("No item", () => relay.ReceiveAsync(new(0, TimeSpan.Zero, 0, []), cancellationToken)),
            ("1,001 items", () => relay.ReceiveAsync(new(1001, TimeSpan.Zero, 0, []), cancellationToken)),
            ("A wait below zero", () => relay.ReceiveAsync(new(1, TimeSpan.FromTicks(-1), 0, []), cancellationToken)),
            ("A long wait", () => relay.ReceiveAsync(new(1, tooLong, 0, []), cancellationToken)),
            ("A revision below zero", () => relay.ReceiveAsync(new(1, TimeSpan.Zero, -1, []), cancellationToken)),
            ("1,001 ids", () => relay.ReceiveAsync(new(1, TimeSpan.Zero, 0, [.. Enumerable.Range(0, 1001).Select(id => (long)id)]), cancellationToken)),
            ("A short id", () => relay.DeliverAsync([new(bob.Address, new byte[15], new byte[1])], cancellationToken)),
            ("A long id", () => relay.SignalAsync(new(bob.Address, new byte[17], new byte[1]), cancellationToken)),
            ("A group id of no bytes", () => relay.GetGroupInfoAsync(ReadOnlyMemory<byte>.Empty, cancellationToken)),
            ("A group id of 65 bytes", () => relay.SubscribeAsync(new byte[65], true, cancellationToken)),
            ("A hash of 31 bytes", () => relay.GetTreeAsync(new byte[31], cancellationToken)),
            ("No candidate", () => relay.GetCandidatesAsync(new byte[1], 0, 0, 0, cancellationToken)),
            ("A place below zero", () => relay.GetCandidatesAsync(new byte[1], 0, -1, 1, cancellationToken)),
            ("A user id of no bytes", () => relay.GetDeviceListAsync(string.Empty, cancellationToken)),
            ("A user id of 65 bytes", () => relay.ClaimBundlesAsync(new string('a', 65), [], cancellationToken)),
            ("A request id of 15 bytes", () => relay.PutLinkAnswerAsync(new byte[15], new byte[1], cancellationToken)),
            ("A long wait for an answer", () => relay.GetLinkAnswerAsync(new byte[16], tooLong, cancellationToken)),
        ];
        foreach ((string what, Func<Task> call) in calls)
        {
            await Expect.MistakeAsync(call, what).ConfigureAwait(false);
        }
    }

    private static OutgoingEnvelope Envelope(RelayTestDevice to, int size) => new(to.Address, RelayWorld.NewId(), new byte[size]);

    /// <summary>Delivers many envelopes, and gives how many were accepted; the others met a full mailbox.</summary>
    private static async Task<int> FloodAsync(RelayTestDevice from, RelayTestDevice to, int count, int size)
    {
        int accepted = 0;
        int batch = Math.Min(500, RelayLimits.MaxRequestSize / size);
        for (int sent = 0; sent < count; sent += batch)
        {
            OutgoingEnvelope[] envelopes = [.. Enumerable.Range(0, Math.Min(batch, count - sent)).Select(_ => Envelope(to, size))];
            IReadOnlyList<DeliveryOutcome> outcomes = await from.Relay.DeliverAsync(envelopes).ConfigureAwait(false);
            accepted += outcomes.Count(outcome => outcome == DeliveryOutcome.Accepted);
            Expect.That(outcomes.All(outcome => outcome is DeliveryOutcome.Accepted or DeliveryOutcome.MailboxFull), "Another outcome.");
        }

        return accepted;
    }
}
