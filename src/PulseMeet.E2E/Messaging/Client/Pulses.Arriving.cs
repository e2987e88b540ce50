using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <content>What comes for groups: a message is opened, a Welcome kept, and of a commit it is noted that there is one.</content>
internal sealed partial class Pulses
{
    /// <summary>Takes what came for a group; for whoever has the turns of <see cref="TurnsOf"/>.</summary>
    public async Task OpenAsync(Work work, MailboxItem item)
    {
        if (PulseId.Find(item.GroupId.Span) is not { } id)
        {
            work.AddEvent(new MessageUnreadable(item.Sender, E2EError.InvalidEncoding, isAskedForAgain: false));
            return;
        }

        switch (item.Kind)
        {
            case MailboxItemKind.GroupMessage:
                await _messages.OpenAsync(work, id, item.Sender, item.Content).ConfigureAwait(false);
                break;
            case MailboxItemKind.GroupCommit:
                // Its place among the candidates counts, and only the relay's list has that.
                if (await work.PulseAsync(id).ConfigureAwait(false) is { Record.IsOpen: true } pulse)
                {
                    pulse.Record.IsCatchUpWanted = true;
                    work.WantPump();
                }

                break;
            default:
                if (await work.CountAsync(RecordKey.Welcomes, [], WelcomeRecord.Max).ConfigureAwait(false) >= WelcomeRecord.Max
                    && !await _joining.TryMakeRoomAsync(work).ConfigureAwait(false))
                {
                    work.AddEvent(new PulseMessageUnreadable(id, item.Sender, E2EError.LimitExceeded));
                    break;
                }

                var welcome = new WelcomeRecord(id, item.Sender, work.Now, item.Content.ToArray());
                work.Put(RecordKey.Welcomes, RecordKey.Of(_core.Sequence.Next()), welcome.Encode());
                work.Invitations.Add(id);
                work.WantPump();
                break;
        }
    }

    /// <summary>The turns that are needed for what came.</summary>
    public static IEnumerable<Turn> TurnsOf(IEnumerable<MailboxItem> items) =>
        items.Where(IsOfGroup).Select(item => PulseId.Find(item.GroupId.Span)).OfType<PulseId>().Select(Gates.Pulse);

    public static bool IsOfGroup(MailboxItem item) =>
        item.Kind is MailboxItemKind.GroupMessage or MailboxItemKind.GroupCommit or MailboxItemKind.Welcome;
}
