using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>What becomes of a content that has opened.</content>
internal sealed partial class Receiver
{
    private async Task TakeAsync(
        Work work,
        UserRecord own,
        UserRecord user,
        DeviceCertificate listed,
        Opened opened,
        Dictionary<StreamName, RangeSet> arrived,
        List<SignalReceived> signals)
    {
        SealedContent content = opened.Content;
        if (!content.Stream.Conversation.IsDirect)
        {
            await Controls.CompareListsAsync(work, own, user, content).ConfigureAwait(false);
            pulses.Words.Receive(work, user, opened);
            return;
        }

        string with = content.Stream.Conversation.OtherThan(core.Address.UserId) is { } other
            && (user.UserId == core.Address.UserId || other == user.UserId)
                ? other
                : throw new E2EException(E2EError.WrongIdentity, "The content belongs to a conversation of others.");
        await Controls.CompareListsAsync(work, own, user, content).ConfigureAwait(false);
        if (content.Type == ContentType.Signal)
        {
            var signal = Signal.Decode(content.Body.Span);
            if (user.Standing == Standing.Accepted)
            {
                signals.Add(new SignalReceived(listed.Address, signal));
            }
        }
        else if (ContentType.IsInternal(content.Type))
        {
            await controls.HandleAsync(work, own, user, listed, opened).ConfigureAwait(false);
        }
        else
        {
            await TakeMessageAsync(work, user, with, content, arrived).ConfigureAwait(false);
            return;
        }

        // A signal or a word between devices repeats the highest number: a lost last message shows by it.
        await work.NoteAsync(content.Stream, content.Highest, mayLearn: user.Standing == Standing.Accepted).ConfigureAwait(false);
    }

    private async Task TakeMessageAsync(
        Work work, UserRecord user, string with, SealedContent content, Dictionary<StreamName, RangeSet> arrived)
    {
        var message = new MessageReceived(content, MessageContent.Decode(content.Type, content.Body.Span), with);
        if (user.Standing == Standing.Unanswered && !await HasRoomForStrangerAsync(work, user.UserId).ConfigureAwait(false))
        {
            // Not noted as arrived: once the user is accepted, it is missing, and asked for.
            return;
        }

        IncomingStream stream = await work.IncomingAsync(content.Stream).ConfigureAwait(false);
        if (stream.Baseline == 0)
        {
            await work.NoteFirstAsync(content.Stream, content.Time).ConfigureAwait(false);
        }

        bool wasNamed = stream.IsNamed(content.Number);
        if (stream.Receive(content.Number, content.Highest, work.Now) == Arrival.Duplicate)
        {
            return;
        }

        work.Recovered += wasNamed ? 1 : 0;

        if (!arrived.TryGetValue(content.Stream, out RangeSet? numbers))
        {
            arrived.Add(content.Stream, numbers = new RangeSet());
        }

        numbers.Add(new NumberRange(content.Number, content.Number));
        bool isOwn = user.UserId == core.Address.UserId;
        if (message.Content is ContactStandingContent said)
        {
            // Another account's word about contacts is none.
            foreach (ContactStanding contact in isOwn && with == user.UserId ? said.Contacts : [])
            {
                if (contact.UserId == core.Address.UserId)
                {
                    // Nobody blocks the account itself: its devices would not hear each other any more.
                    continue;
                }

                await OwnWord.KeepAsync(work, contact).ConfigureAwait(false);
            }

            return;
        }

        if (isOwn && with != user.UserId && !await IsAcceptedAsync(with).ConfigureAwait(false))
        {
            await OwnWord.KeepAsync(work, new ContactStanding(with, Standing.Accepted, content.Time, [])).ConfigureAwait(false);
        }

        if (user.Standing == Standing.Accepted)
        {
            work.AddEvent(message);
            return;
        }

        await HoldAsync(work, user, new HeldRecord(EventCodec.Encode(message), message.Sender, default, [])).ConfigureAwait(false);
        UserRecord current = await work.UserAsync(user.UserId).ConfigureAwait(false) ?? user;
        if (!current.IsRequestTold)
        {
            work.SetUser(current with { IsRequestTold = true });
            Requests.Note(core, work, user.UserId);
            work.AddEvent(new MessageRequested(user.UserId));
        }
    }

    /// <summary>By what is stored: without the user's turn it is only a hint.</summary>
    private async Task<bool> IsAcceptedAsync(string userId) =>
        (await core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(userId)).ConfigureAwait(false)) is { } known
            && core.Users.Decode(userId, known.Value).Standing == Standing.Accepted;

    private static async Task<bool> HasRoomAsync(Work work, string userId) =>
        await work.CountAsync(RecordKey.Held, RecordKey.UserPrefix(userId), HeldRecord.MaxPerUser).ConfigureAwait(false) < HeldRecord.MaxPerUser;

    private static async Task<bool> HasRoomForStrangerAsync(Work work, string userId) =>
        await HasRoomAsync(work, userId).ConfigureAwait(false)
        && await work.HeldBytesAsync(userId).ConfigureAwait(false) < HeldRecord.MaxBytesPerStranger;
}
