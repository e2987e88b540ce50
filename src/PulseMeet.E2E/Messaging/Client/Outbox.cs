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
    public async Task<IReadOnlyList<(byte[] Key, OutboxRecord Record)>> ReadAsync(byte[] after, int max, CancellationToken cancellationToken)
    {
        IReadOnlyList<OpenedRecord> records = await core.Store.ScanAsync(
            RecordKey.Outbox, after, default, max, key => !core.Leftovers.Contains(RecordKey.Outbox, key.Span), cancellationToken).ConfigureAwait(false);
        return [.. records.Select(record => (record.Key.ToArray(), OutboxRecord.Decode(record.Value)))];
    }

    /// <summary>Takes out what the relay has taken, or will never take.</summary>
    public Task TakeOutAsync(
        IReadOnlyList<(byte[] Key, OutboxRecord Record, DeliveryOutcome Outcome)> outcomes, CancellationToken cancellationToken)
    {
        byte[][] taken = [.. outcomes.Where(item => item.Outcome != DeliveryOutcome.MailboxFull).Select(item => item.Key)];
        return taken.Length == 0
            || (outcomes.All(item => item.Outcome != DeliveryOutcome.UnknownDevice) && core.Leftovers.TryAdd(RecordKey.Outbox, taken))
            ? Task.CompletedTask
            : DeleteAsync(outcomes, cancellationToken);
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
                core.Full = full;
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
