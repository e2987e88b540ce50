using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>Messages of an epoch that has not begun here, or of a group that a Welcome may lead to: bounded.</content>
internal sealed partial class PulseMessages
{
    /// <summary>Opens what waited for an epoch that has begun.</summary>
    public async Task OpenWaitingAsync(Work work, OpenPulse pulse)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.PulseWaiting, after, pulse.Id.ToArray(), Page).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                after = item.Key.ToArray();
                if (await work.ReadAsync(RecordKey.PulseWaiting, after).ConfigureAwait(false) is not { } bytes)
                {
                    continue;
                }

                PulseItemRecord record = PulseItemRecord.Decode(bytes);
                bool isAhead = pulse.Record.IsOpen && pulse.Group is { IsRemoved: false } group && EpochOf(record.Content, pulse.Id) > group.Epoch;
                if (!isAhead)
                {
                    work.Delete(RecordKey.PulseWaiting, after);
                    if (pulse.Group is not null && EpochOf(record.Content, pulse.Id) >= pulse.Record.FirstEpoch)
                    {
                        await OpenAsync(work, pulse, record.Sender, record.Content).ConfigureAwait(false);
                    }
                }
            }
        }
    }

    /// <summary>Deletes what waits for a group that this device will not be in.</summary>
    public async Task DropWaitingAsync(Work work, PulseId id)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.PulseWaiting, after, id.ToArray(), Page).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                after = item.Key.ToArray();
                work.Delete(RecordKey.PulseWaiting, after);
            }
        }
    }

    private async Task<bool> IsInvitedAsync(Work work, PulseId id)
    {
        if (work.Invitations.Contains(id))
        {
            return true;
        }

        // Once for all that came: Welcomes are long.
        work.EarlierInvitations ??= [.. (await core.Store.ScanAsync(RecordKey.Welcomes, default, default, WelcomeRecord.Max).ConfigureAwait(false))
            .Select(item => WelcomeRecord.Decode(item.Value).Pulse)];
        return work.EarlierInvitations.Contains(id);
    }

    private async Task WaitAsync(Work work, PulseId id, PulseItemRecord record, bool isIn)
    {
        byte[] prefix = id.ToArray();
        bool isFull = await work.CountAsync(RecordKey.PulseWaiting, prefix, PulseItemRecord.MaxPerPulse).ConfigureAwait(false) >= PulseItemRecord.MaxPerPulse
            || (!isIn && await work.CountAsync(RecordKey.PulseWaiting, [], PulseItemRecord.MaxInAll).ConfigureAwait(false) >= PulseItemRecord.MaxInAll);
        if (isFull)
        {
            // Its number shows that it is missing, once what is behind it opens.
            if (await work.FirstKeyAsync(RecordKey.PulseWaiting, prefix).ConfigureAwait(false) is not { } oldest)
            {
                return;
            }

            work.Delete(RecordKey.PulseWaiting, oldest);
        }

        work.Put(RecordKey.PulseWaiting, RecordKey.Of(id, core.Sequence.Next()), record.Encode());
    }
}
