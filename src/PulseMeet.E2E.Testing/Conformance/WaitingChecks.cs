using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>docs/protocol-relay.md, "Mailboxes": waiting and signals.</summary>
internal static class WaitingChecks
{
    public static IReadOnlyList<ConformanceCheck<RelayUnderTest>> All { get; } =
    [
        new("A call that waits answers when something comes.", WakesAsync),
        new("A call that waits for nothing ends with an empty page when its time is over.", EndsAsync),
        new("A call that waits can be cancelled, and what comes afterwards is not lost.", CancelsAsync),
        new("All calls that wait get what comes.", AllWakeAsync),
        new("What the device holds already does not end its waiting.", ExceptAsync),
        new("A signal reaches a call that waits, and is stored nowhere.", SignalAsync),
        new("An answer has no more signals than items were asked for, however many come at once.", ManySignalsAsync),
        new("A signal to nobody, or over its bound, does nothing.", SignalToNobodyAsync),
    ];

    private static async Task WakesAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        for (byte i = 0; i < 20; i++)
        {
            Task<MailboxPage> waiting = WaitAsync(bob, cancellationToken);
            if (i % 2 == 0)
            {
                await Task.Yield();
            }

            await alice.DeliverAsync(bob, [i]).ConfigureAwait(false);
            MailboxPage page = await waiting.ConfigureAwait(false);
            Expect.Equal(i, page.Items.Single().Content.Span[0], "What came");
            await bob.AcknowledgeAsync(page.Items).ConfigureAwait(false);
        }
    }

    private static async Task EndsAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        Task<MailboxPage> waiting = WaitAsync(bob, cancellationToken);
        Expect.Equal(0, (await world.PassTimeAsync(waiting).ConfigureAwait(false)).Items.Count, "Items");
    }

    private static async Task CancelsAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<MailboxPage> waiting = WaitAsync(bob, cancelled.Token);
        await cancelled.CancelAsync().ConfigureAwait(false);
        try
        {
            await waiting.ConfigureAwait(false);
            throw new ConformanceException("Not cancelled.");
        }
        catch (OperationCanceledException)
        {
            await alice.DeliverAsync(bob, [1]).ConfigureAwait(false);
        }

        Expect.Equal(1, (await bob.LookAsync().ConfigureAwait(false)).Count, "Items");
    }

    private static async Task AllWakeAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        Task<MailboxPage>[] waiting = [WaitAsync(bob, cancellationToken), WaitAsync(bob, cancellationToken), WaitAsync(bob, cancellationToken)];
        await alice.DeliverAsync(bob, [1]).ConfigureAwait(false);
        MailboxPage[] pages = await Task.WhenAll(waiting).ConfigureAwait(false);
        Expect.Order([1, 1, 1], pages.Select(page => page.Items.Count), "Items of each");
    }

    private static async Task ExceptAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        await alice.DeliverAsync(bob, [1]).ConfigureAwait(false);
        long held = (await bob.LookAsync().ConfigureAwait(false))[0].Id;
        Task<MailboxPage> waiting = bob.Relay.ReceiveAsync(new(10, RelayLimits.MaxWait, 0, [held]), cancellationToken);
        await alice.DeliverAsync(bob, [2]).ConfigureAwait(false);
        Expect.Order([2], (await waiting.ConfigureAwait(false)).Items.Select(item => (int)item.Content.Span[0]), "What came");
    }

    private static async Task SignalAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        byte[] id = RelayWorld.NewId();
        Task<MailboxPage> waiting = WaitAsync(bob, cancellationToken);
        while (!waiting.IsCompleted)
        {
            // One that comes before the call waits is lost, and while the answer is on its way more of them may come into it.
            await alice.Relay.SignalAsync(new(bob.Address, id, new byte[] { 9 }), cancellationToken).ConfigureAwait(false);
            await Task.Delay(1, cancellationToken).ConfigureAwait(false);
        }

        IReadOnlyList<MailboxItem> signals = (await waiting.ConfigureAwait(false)).Items;
        Expect.That(signals.Count is > 0 and <= 10, $"{signals.Count} signals.");
        foreach (MailboxItem signal in signals)
        {
            Expect.Equal(MailboxItemKind.Signal, signal.Kind, "The kind");
            Expect.Equal(0L, signal.Id, "The id");
            Expect.Equal(alice.Address, signal.Sender, "The sender");
            Expect.Same(id, signal.EnvelopeId, "The envelope's id");
            Expect.Same(new byte[] { 9 }, signal.Content, "The content");
        }

        Expect.Equal(0, (await bob.LookAsync().ConfigureAwait(false)).Count, "Items stored");
    }

    private static async Task ManySignalsAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        const int AtOnce = 8;
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        for (int i = 0; i < 10; i++)
        {
            Task<MailboxPage> waiting = WaitAsync(bob, cancellationToken, max: 1);
            while (!waiting.IsCompleted)
            {
                await RelayWorld.AtOnceAsync(AtOnce, async _ =>
                {
                    await alice.Relay.SignalAsync(new(bob.Address, RelayWorld.NewId(), new byte[] { 9 }), cancellationToken).ConfigureAwait(false);
                    return true;
                }).ConfigureAwait(false);
            }

            Expect.Equal(1, (await waiting.ConfigureAwait(false)).Items.Count, "Signals");
        }
    }

    private static async Task SignalToNobodyAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        RelayTestDevice bob = await world.DeviceAsync("bob").ConfigureAwait(false);
        await alice.Relay.SignalAsync(new(bob.Address, RelayWorld.NewId(), new byte[RelayLimits.MaxSignalSize]), cancellationToken).ConfigureAwait(false);
        await alice.Relay.SignalAsync(new(new(world.Name("nobody"), "phone"), RelayWorld.NewId(), new byte[1]), cancellationToken).ConfigureAwait(false);
        await Expect.RefusedAsync(
            E2EError.LimitExceeded,
            () => alice.Relay.SignalAsync(new(bob.Address, RelayWorld.NewId(), new byte[RelayLimits.MaxSignalSize + 1]), cancellationToken),
            "A long signal").ConfigureAwait(false);
        Expect.Equal(0, (await bob.LookAsync().ConfigureAwait(false)).Count, "Items stored");
    }

    private static Task<MailboxPage> WaitAsync(RelayTestDevice device, CancellationToken cancellationToken, int max = 10) =>
        device.Relay.ReceiveAsync(new(max, RelayLimits.MaxWait, 0, []), cancellationToken);
}
