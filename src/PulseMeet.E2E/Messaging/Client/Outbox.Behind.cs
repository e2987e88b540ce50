using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>Devices for which something was not sealed, because there were no keys or too much waited: once they can be written to, they are told how
/// far the numbers go, and ask for what they miss. Otherwise only the next message would show it, and there may be none.</content>
internal sealed partial class Outbox
{
    /// <summary>How much of a device's room has to be free again: what it asks for needs some.</summary>
    private const int FreeForBehind = WaitingEnvelopes.MaxForMessages / 2;

    private async Task TellBehindAsync(CancellationToken cancellationToken)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.Behind, after, default, Page, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            after = page[^1].Key.ToArray();
            foreach (IGrouping<DeviceAddress, OpenedRecord> rows in page.GroupBy(record => RecordKey.ToDevice(record.Key.Span)))
            {
                if (core.Waiting.IsRoomFor(rows.Key, FreeForBehind, isMessage: true))
                {
                    await core.ChangeAsync(
                        conversations.Turns(rows.Key.UserId), work => TellBehindAsync(work, rows.Key, rows), cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task TellBehindAsync(Work work, DeviceAddress address, IEnumerable<OpenedRecord> rows)
    {
        UserRecord? user = await work.UserAsync(address.UserId).ConfigureAwait(false);
        DeviceCertificate? device = user is { Standing: not Standing.Blocked } ? user.List.Find(address.DeviceId) : null;
        if (device is not null && (user!.Contact.IsChangePending || !await work.HasSessionAsync(device).ConfigureAwait(false)))
        {
            return;
        }

        UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
        foreach (OpenedRecord row in rows)
        {
            string peerId = StrictUtf8.Decode(row.Value);
            if (await core.Store.IsAnyAsync(RecordKey.Pending, RecordKey.UserPrefix(peerId)).ConfigureAwait(false))
            {
                // What has its number and is not sealed yet is not missing.
                continue;
            }

            if (device is not null)
            {
                ConversationName conversation = ConversationName.Direct(core.Address.UserId, peerId);
                byte[] nothing = new ResendNames(core.StreamId, [], []).Encode();
                Draft draft = conversations.Control(conversation, ContentType.Delivered, nothing);
                if (await work.TrySealAsync(own, user!, device, draft).ConfigureAwait(false) is null)
                {
                    return;
                }

                await conversations.RepeatTailsAsync(work, own, user!, device, conversation, default).ConfigureAwait(false);
            }

            work.Delete(RecordKey.Behind, row.Key.ToArray());
        }
    }
}
