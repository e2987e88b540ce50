using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Messaging;

/// <content>Opening what came, once.</content>
internal sealed partial class PulseMessages
{
    /// <summary>Opens a group's message that came, for whoever has the pulse's turn.</summary>
    public async Task OpenAsync(Work work, PulseId id, DeviceAddress claimedSender, ReadOnlyMemory<byte> content)
    {
        OpenPulse? pulse = await work.PulseAsync(id).ConfigureAwait(false);
        ulong epoch;
        try
        {
            epoch = EpochOf(content.Span, id);
        }
        catch (E2EException exception)
        {
            work.AddEvent(new PulseMessageUnreadable(id, claimedSender, exception.Reason));
            return;
        }

        if (pulse is not null && epoch < pulse.Record.FirstEpoch)
        {
            // Said before this device came in: where it is missing, its number shows that.
            return;
        }

        if (pulse is null ? await IsInvitedAsync(work, id).ConfigureAwait(false) : pulse.Record.IsOpen && pulse.Group is { IsRemoved: false } open && epoch > open.Epoch)
        {
            await WaitAsync(work, id, new PulseItemRecord(claimedSender, content.ToArray()), isIn: pulse is not null).ConfigureAwait(false);
            if (pulse is not null)
            {
                pulse.Record.IsCatchUpWanted = true;
            }

            work.WantPump();
        }
        else if (pulse?.Group is null)
        {
            // Of a chat that this device was never in; or was, and a relay's list may still have it.
            if (pulse is null
                && (await work.UserAsync(claimedSender.UserId).ConfigureAwait(false))?.Standing != Standing.Blocked
                && !await UnwantedPulses.IsAsync(work, id).ConfigureAwait(false))
            {
                work.AddEvent(new PulseMessageUnreadable(id, claimedSender, E2EError.MlsWrongGroup));
            }
        }
        else
        {
            await OpenAsync(work, pulse, claimedSender, content.ToArray()).ConfigureAwait(false);
        }
    }

    /// <summary>Takes what was sealed in a group, or said again in a session, once.</summary>
    public static async Task TakeAsync(Work work, OpenPulse pulse, SealedContent content, bool isSaidAgain)
    {
        IncomingStream stream = await work.IncomingAsync(content.Stream).ConfigureAwait(false);
        bool mayHaveMissed = pulse.Record.HasComeBack || (content.Number > 1 && pulse.Record.Baselines.ContainsKey(content.Stream.Sender));
        if (stream.Baseline == 0 && mayHaveMissed)
        {
            // This device may have missed what the sender said before: it was in the chat, and could not follow; or the sender came after it, and
            // may have been in the chat before that.
            pulse.Record.AddToAsk(content.Stream.Sender);
        }

        if (ContentType.IsInternal(content.Type))
        {
            await work.NoteAsync(content.Stream, content.Highest, mayLearn: true).ConfigureAwait(false);
            return;
        }

        var message = new PulseMessageReceived(pulse.Id, content, MessageContent.Decode(content.Type, content.Body.Span));
        bool wasNamed = stream.IsNamed(content.Number);
        bool isMissing = wasNamed || stream.Missing.Any(range => range.From <= content.Number && content.Number <= range.To);
        if ((isSaidAgain && !isMissing) || stream.Receive(content.Number, content.Highest, work.Now) == Arrival.Duplicate)
        {
            return;
        }

        work.Recovered += wasNamed ? 1 : 0;
        UserRecord? user = await work.UserAsync(content.Stream.Sender.UserId).ConfigureAwait(false);

        // What devices of one account say to each other about contacts is nothing for a chat, and nothing for an app.
        if (user?.Standing != Standing.Blocked && message.Content is not ContactStandingContent)
        {
            work.AddEvent(message);
        }
    }

    /// <summary>Whether what was said is to blame, and not this device's store.</summary>
    internal static bool IsOfTheMessage(E2EError reason) => reason is not (E2EError.StoreFailed or E2EError.StoreDamaged
        or E2EError.StoreInUse or E2EError.StoreConflict or E2EError.WrongMasterKey or E2EError.RelayUnavailable);

    private static ulong EpochOf(ReadOnlySpan<byte> message, PulseId id)
    {
        PrivateMessage framed = MlsMessage.Decode<PrivateMessage>(message);
        return PulseId.Find(framed.GroupId) == id ? framed.Epoch : throw new E2EException(E2EError.MlsWrongGroup);
    }

    private async Task OpenAsync(Work work, OpenPulse pulse, DeviceAddress claimedSender, byte[] message)
    {
        GroupReceived received;
        try
        {
            received = pulse.Group!.Receive(message);
        }
        catch (E2EException exception)
        {
            Refuse(work, pulse, claimedSender, exception.Reason);
            return;
        }

        pulse.HasNewRatchets = true;
        switch (received)
        {
            case LeaveAsked leave:
                pulse.HasNewEpochs = true;
                pulse.Record.IsLeaving |= leave.Sender.UserId == core.Address.UserId;
                work.WantPump();
                break;
            case GroupMessageReceived opened:
                pulse.Record.IsProvisional = false;
                try
                {
                    SealedContent content = SealedContent.Decode(opened.Content);
                    if (content.Stream.Sender != opened.Sender || !content.Stream.Conversation.Equals(pulse.Conversation))
                    {
                        throw new E2EException(E2EError.WrongIdentity, "The content names another sender or another chat.");
                    }

                    if (content.SenderList.Number > pulse.Group.Lists.Find(opened.Sender.UserId)?.Number)
                    {
                        core.ListHints[opened.Sender.UserId] = content.SenderList.Number;
                    }

                    await TakeAsync(work, pulse, content, isSaidAgain: false).ConfigureAwait(false);
                }
                catch (E2EException exception) when (IsOfTheMessage(exception.Reason))
                {
                    work.AddEvent(new PulseMessageUnreadable(pulse.Id, opened.Sender, exception.Reason));
                }

                break;
        }
    }

    private static void Refuse(Work work, OpenPulse pulse, DeviceAddress claimedSender, E2EError reason)
    {
        if (reason == E2EError.DuplicateMessage || !pulse.Record.IsOpen)
        {
            return;
        }

        work.AddEvent(new PulseMessageUnreadable(pulse.Id, claimedSender, reason));
        if (reason is E2EError.NotAuthentic or E2EError.MlsWrongEpoch)
        {
            // Junk, or a message of another line: the others are asked. Or it came too late, when its keys were gone: whose it is is asked where it stood,
            // since the first of a stream shows by no number.
            bool isDue = work.Now - pulse.Record.AskedAt >= PulseWords.AskInterval || pulse.Record.AskedAt > work.Now;
            if (isDue && pulse.Group?.Roster.Find(claimedSender.UserId)?.Devices.Any(device => device.Leaf.Address == claimedSender) == true)
            {
                pulse.Record.AddToAsk(claimedSender);
            }

            pulse.Record.IsAskWanted = true;
            work.WantPump();
        }
    }
}
