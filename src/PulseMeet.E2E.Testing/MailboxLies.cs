using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>What an <see cref="UnreliableRelay"/> does to envelopes, mailboxes and candidates.</summary>
internal sealed class MailboxLies(IE2ERelay inner, Misfortune misfortune)
{
    /// <summary>How many earlier items are remembered, to be given again.</summary>
    private const int Remembered = 100;

    private readonly Lock _lock = new();
    private readonly List<MailboxItem> _given = [];

    public async Task<IReadOnlyList<DeliveryOutcome>> DeliverAsync(
        IReadOnlyList<OutgoingEnvelope> envelopes, CancellationToken cancellationToken)
    {
        bool[] isForgotten = [.. envelopes.Select(_ => misfortune.Strikes(faults => faults.Forgotten))];
        OutgoingEnvelope[] passed = [.. envelopes.Where((_, index) => !isForgotten[index])];
        IReadOnlyList<DeliveryOutcome> outcomes = await inner.DeliverAsync(passed, cancellationToken).ConfigureAwait(false);
        var next = new Queue<DeliveryOutcome>(outcomes);
        return [.. isForgotten.Select(forgotten => forgotten ? DeliveryOutcome.Accepted : next.Dequeue())];
    }

    public async Task<MailboxPage> ReceiveAsync(MailboxRequest request, CancellationToken cancellationToken)
    {
        MailboxPage page = await inner.ReceiveAsync(request, cancellationToken).ConfigureAwait(false);
        List<MailboxItem> items = [];
        foreach (MailboxItem item in page.Items)
        {
            if (misfortune.Strikes(faults => faults.Forgotten))
            {
                await inner.AcknowledgeAsync([item.Id], cancellationToken).ConfigureAwait(false);
            }
            else if (!misfortune.Strikes(faults => faults.Delayed))
            {
                items.Add(misfortune.Strikes(faults => faults.Lies) ? Changed(item) : item);
            }
        }

        if (Remember(items) is { } earlier)
        {
            items.Add(earlier);
        }

        return new(
            misfortune.Strikes(faults => faults.Reordered) ? misfortune.Shuffle(items) : items,
            misfortune.Strikes(faults => faults.Lies) ? misfortune.Below(1000) : page.HighestStoreRevision);
    }

    /// <summary>Candidates in another order, or with one left out.</summary>
    public IReadOnlyList<GroupCandidate> Candidates(IReadOnlyList<GroupCandidate> candidates)
    {
        if (misfortune.Strikes(faults => faults.Reordered))
        {
            candidates = misfortune.Shuffle(candidates);
        }

        return candidates.Count > 0 && misfortune.Strikes(faults => faults.Forgotten) ? [.. candidates.Skip(1)] : candidates;
    }

    private MailboxItem? Remember(List<MailboxItem> items)
    {
        lock (_lock)
        {
            MailboxItem? earlier = _given.Count > 0 && misfortune.Strikes(faults => faults.Repeated)
                ? _given[misfortune.Below(_given.Count)]
                : null;
            _given.AddRange(items.Where(item => item.Kind != MailboxItemKind.Signal));
            _given.RemoveRange(0, Math.Max(0, _given.Count - Remembered));
            return earlier;
        }
    }

    private MailboxItem Changed(MailboxItem item) => misfortune.Below(5) switch
    {
        0 => item with { Sender = new DeviceAddress(item.Sender.UserId, "invented") },
        1 => item with { Sender = new DeviceAddress("invented", item.Sender.DeviceId) },
        2 => item with { EnvelopeId = misfortune.ChangeBit(item.EnvelopeId) },
        3 => item with { ArrivedAt = item.ArrivedAt.AddYears(-10) },
        _ => item with { Content = misfortune.ChangeBit(item.Content) },
    };
}
