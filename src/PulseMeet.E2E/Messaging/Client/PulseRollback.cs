using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>What a store that was put back means for pulse chats: their keys may have been used since, so that each is left as it was and
/// come back into with new ones, or renewed where the chat takes no joins. So is a chat that is joined later by a key package of the
/// copy.</summary>
/// <remarks>Stored before anything else of the rollback is, so that a crash in between seals nothing under a key that was used.</remarks>
internal static class PulseRollback
{
    public static async Task MarkAsync(ClientCore core, CancellationToken cancellationToken)
    {
        await PulseKeys.SuspectAsync(core, cancellationToken).ConfigureAwait(false);
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.Pulses, after, default, 100, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                after = item.Key.ToArray();
                PulseId id = RecordKey.ToPulse(after);
                await core.ChangeAsync(
                    [Gates.Pulse(id)],
                    async work =>
                    {
                        if (await work.PulseAsync(id).ConfigureAwait(false) is { Record: { IsOpen: true } record, Group: { IsRemoved: false } group } pulse)
                        {
                            group.MarkRolledBack();
                            record.IsRejoinWanted = group.Data.Rights.ExternalJoin;
                            record.IsCatchUpWanted = true;
                            pulse.Change();
                            work.Delete(RecordKey.PulseJoins, id.ToArray());
                            work.WantPump();
                        }
                    },
                    cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
