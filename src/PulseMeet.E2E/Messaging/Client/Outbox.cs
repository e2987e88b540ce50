using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>Brings what waits to the relay: begins the sessions that are missing, seals what waits for them, and delivers.</summary>
/// <remarks>One round at a time. No turn is held while the relay is called. What a crash leaves is sent again under the same
/// envelope ids.</remarks>
internal sealed partial class Outbox(ClientCore core, DeviceLists lists, Conversations conversations) : IDisposable
{
    private const int Page = 100;

    private readonly QueueWatch _watch = new(core, "outbox", RecordKey.Outbox, RecordKey.Pending);

    public void Dispose() => _watch.Dispose();

    /// <summary>One round over everything that waits.</summary>
    /// <returns>Whether nothing waits any more that could be sent now.</returns>
    /// <exception cref="E2EException">The relay cannot be reached, or refuses for now.</exception>
    public async Task<bool> SendAsync(CancellationToken cancellationToken)
    {
        using IDisposable turn = await core.Gates.EnterAsync([Gates.Outbox], cancellationToken).ConfigureAwait(false);
        await _watch.LookAsync(cancellationToken).ConfigureAwait(false);
        E2EException? unreachable = null;
        bool isPrepared = false;
        try
        {
            isPrepared = await PrepareAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (exception.Reason == E2EError.RelayUnavailable)
        {
            // It may be so for one user's keys alone: what is sealed goes all the same.
            unreachable = exception;
        }

        bool isDelivered = await DeliverAsync(cancellationToken).ConfigureAwait(false);
        await _watch.LookAsync(cancellationToken).ConfigureAwait(false);
        return unreachable is null ? isDelivered && isPrepared : throw unreachable;
    }

    /// <summary>What waits to be delivered, the oldest first.</summary>
    private async Task<IReadOnlyList<(byte[] Key, OutboxRecord Record)>> ReadAsync(byte[] after, int max, CancellationToken cancellationToken)
    {
        IReadOnlyList<OpenedRecord> records = await core.Store.ScanAsync(
            RecordKey.Outbox, after, default, max, key => !core.Leftovers.Contains(RecordKey.Outbox, key.Span), cancellationToken).ConfigureAwait(false);
        return [.. records.Select(record => (record.Key.ToArray(), OutboxRecord.Decode(record.Value)))];
    }

    /// <summary>What waits to be delivered, for an app that does that: the oldest first, and what is for mailboxes that were full after all else, so
    /// that they hold up nobody.</summary>
    public async Task<IReadOnlyList<OutboxRecord>> ReadForAppAsync(int max, CancellationToken cancellationToken)
    {
        List<OutboxRecord> first = [];
        List<OutboxRecord> last = [];
        byte[] after = [];
        while (first.Count < max && await ReadAsync(after, Page, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach ((_, OutboxRecord record) in page)
            {
                List<OutboxRecord> group = core.Waiting.IsFull(record.Recipient) ? last : first;
                if (group.Count < max)
                {
                    group.Add(record);
                }
            }

            after = page[^1].Key;
        }

        return [.. first.Concat(last).Take(max)];
    }

    /// <summary>Takes out what the app has delivered.</summary>
    /// <param name="outcomes">What became of it, by the envelope.</param>
    /// <param name="cancellationToken">Stops waiting; taken out or not.</param>
    public async Task ConfirmAsync(IReadOnlyDictionary<MessageId, DeliveryOutcome> outcomes, CancellationToken cancellationToken)
    {
        List<(byte[], OutboxRecord, DeliveryOutcome)> known = [];
        byte[] after = [];
        while (known.Count < outcomes.Count && await ReadAsync(after, Page, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach ((byte[] key, OutboxRecord record) in page)
            {
                if (outcomes.TryGetValue(record.Envelope, out DeliveryOutcome outcome))
                {
                    known.Add((key, record, outcome));
                }
            }

            after = page[^1].Key;
        }

        await TakeOutAsync(known, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes out what the relay has taken, or will never take.</summary>
    private async Task TakeOutAsync(
        IReadOnlyList<(byte[] Key, OutboxRecord Record, DeliveryOutcome Outcome)> outcomes, CancellationToken cancellationToken)
    {
        // Before anything goes: what is counted only afterwards would count for as long as the client is open.
        await core.Waiting.EnsureReadAsync(cancellationToken).ConfigureAwait(false);
        foreach ((_, OutboxRecord record, DeliveryOutcome outcome) in outcomes)
        {
            core.Waiting.SetFull(record.Recipient, outcome == DeliveryOutcome.MailboxFull);
        }

        byte[][] taken = [.. outcomes.Where(item => item.Outcome != DeliveryOutcome.MailboxFull).Select(item => item.Key)];
        if (taken.Length > 0
            && (outcomes.Any(item => item.Outcome == DeliveryOutcome.UnknownDevice) || !core.Leftovers.TryAdd(RecordKey.Outbox, taken)))
        {
            await DeleteAsync(outcomes, cancellationToken).ConfigureAwait(false);
        }

        foreach (byte[] key in taken)
        {
            core.Waiting.Remove(RecordKey.ToNumber(key));
        }
    }

    private Task DeleteAsync(
        IReadOnlyList<(byte[] Key, OutboxRecord Record, DeliveryOutcome Outcome)> outcomes, CancellationToken cancellationToken) =>
        core.ChangeAsync(
            outcomes.Where(item => item.Outcome == DeliveryOutcome.UnknownDevice).Select(item => Gates.User(item.Record.Recipient.UserId)),
            async work =>
            {
                foreach ((byte[] key, OutboxRecord record, DeliveryOutcome outcome) in outcomes)
                {
                    if (outcome is DeliveryOutcome.MailboxFull)
                    {
                        continue;
                    }

                    work.Delete(RecordKey.Outbox, key);
                    if (outcome == DeliveryOutcome.UnknownDevice
                        && await work.UserAsync(record.Recipient.UserId).ConfigureAwait(false) is { } user)
                    {
                        // The relay's list is another one than ours.
                        work.SetUser(user with { IsRefreshWanted = true });
                    }
                }
            },
            cancellationToken);

    private async Task<bool> DeliverAsync(CancellationToken cancellationToken)
    {
        var full = new HashSet<DeviceAddress>();
        byte[] after = [];
        while (true)
        {
            IReadOnlyList<(byte[] Key, OutboxRecord Record)> waiting = await ReadAsync(after, Page, cancellationToken).ConfigureAwait(false);
            List<(byte[] Key, OutboxRecord Record)> batch = [];
            long size = 0;
            foreach ((byte[] key, OutboxRecord record) in waiting)
            {
                size += record.Content.Length;
                if (size > RelayLimits.MaxRequestSize && batch.Count > 0)
                {
                    break;
                }

                after = key;
                if (!full.Contains(record.Recipient))
                {
                    batch.Add((key, record));
                }
            }

            if (waiting.Count == 0)
            {
                return full.Count == 0;
            }

            if (batch.Count == 0)
            {
                continue;
            }

            IReadOnlyList<DeliveryOutcome> outcomes = await core.Relay
                .DeliverAsync([.. batch.Select(item => item.Record.ToEnvelope())], cancellationToken).ConfigureAwait(false);
            List<(byte[], OutboxRecord, DeliveryOutcome)> known = [];
            for (int i = 0; i < Math.Min(batch.Count, outcomes.Count); i++)
            {
                known.Add((batch[i].Key, batch[i].Record, outcomes[i]));
                if (outcomes[i] == DeliveryOutcome.MailboxFull)
                {
                    full.Add(batch[i].Record.Recipient);
                }
            }

            await TakeOutAsync(known, cancellationToken).ConfigureAwait(false);
            if (outcomes.Count < batch.Count)
            {
                return false;
            }
        }
    }

    /// <summary>Whether a failure is about one user, so that the others go on: not one of the relay or the store as a whole.</summary>
    private static bool IsAbout(E2EException exception) => exception.Reason is not (E2EError.RelayUnavailable or E2EError.StoreFailed
        or E2EError.StoreInUse or E2EError.StoreDamaged or E2EError.StoreConflict);
}
