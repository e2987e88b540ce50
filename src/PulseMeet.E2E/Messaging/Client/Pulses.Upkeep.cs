using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>What is past its age.</content>
internal sealed partial class Pulses
{
    /// <summary>Deletes what is past its age. Once a day.</summary>
    public async Task DropOldAsync(CancellationToken cancellationToken)
    {
        await Keys.DropOldAsync(cancellationToken).ConfigureAwait(false);
        await _joining.DropOldAsync(cancellationToken).ConfigureAwait(false);
        foreach (PulseId id in await ReadAllAsync(withClosed: true, cancellationToken).ConfigureAwait(false))
        {
            await _core.ChangeAsync([Gates.Pulse(id)], work => DropOldAsync(work, id), cancellationToken).ConfigureAwait(false);
            await _joining.UseUpAsync(id, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task DropOldAsync(Work work, PulseId id)
    {
        byte[] prefix = id.ToArray();
        IReadOnlyList<OpenedRecord> outgoing = await _core.Store.ScanAsync(RecordKey.PulseOutbox, default, prefix, 10_000).ConfigureAwait(false);
        HashSet<string> unsent = [.. outgoing.Select(item => Convert.ToHexString(PulseOutboxRecord.Decode(item.Value).SentKey))];
        foreach (OpenedRecord item in await _core.Store.ScanAsync(RecordKey.PulseSent, default, prefix, 10_000).ConfigureAwait(false))
        {
            PulseSentRecord sent = PulseSentRecord.Decode(item.Value);
            if (sent.PendingSequence == 0 && !unsent.Contains(Convert.ToHexString(item.Key.Span)) && (work.Now - sent.SentAt).Duration() >= SentRecord.MaxAge)
            {
                work.Delete(RecordKey.PulseSent, item.Key.ToArray());
            }
        }

        if (await work.PulseAsync(id).ConfigureAwait(false) is not { Group: { } group } pulse)
        {
            return;
        }

        if (pulse.Record.ClosedAt is { } closedAt && (work.Now - closedAt).Duration() >= GroupBounds.Default.MaxAge)
        {
            // Nothing that came before opens any more.
            pulse.Replaced.Add(group);
            pulse.Group = null;
            work.Delete(RecordKey.PulseEpochs, prefix);
            work.Delete(RecordKey.PulseRatchets, prefix);
            pulse.Record.Audience.Clear();
            return;
        }

        group.Expire();
        pulse.Change();
    }
}
