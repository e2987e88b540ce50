using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>Messages of pulse chats: numbered and sealed once for everybody, brought to the relay, and opened.</summary>
/// <remarks>One batch holds a message's number, its text for saying it again, the group's ratchet and the sealed message; an opened one is an
/// event in the batch that holds the ratchet. While a change of this device's waits to be taken that is about who reads, what the app says
/// waits too: who is removed reads nothing that is said afterwards. docs/protocol-groups.md, "Pulse chats in the client".</remarks>
internal sealed class PulseMessages(ClientCore core)
{
    /// <summary>The most messages of one chat that wait to be sealed; beyond, sending fails.</summary>
    public const int MaxWaiting = 1000;

    /// <summary>A message that was sealed so many epochs ago, and is still here, is sealed again before it is sent: others keep five.</summary>
    private const ulong MaxSealedBehind = 3;

    private const int Page = 100;

    public static ListView NoList => new(0, new byte[Sha256.Size]);

    public async Task<MessageId> SendAsync(PulseId id, MessageContent content, CancellationToken cancellationToken)
    {
        _ = core.Identity;
        byte[] body = content.EncodeBody();
        return await core.ChangeAsync(
            [Gates.Pulse(id)], work => TakeAsync(work, id, content, body), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Seals what waits for that, where it can be done now.</summary>
    /// <returns>Whether there may be more to seal.</returns>
    public Task<bool> SealWaitingAsync(PulseId id, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            IReadOnlyList<OpenedRecord> waiting =
                await core.Store.ScanAsync(RecordKey.PulsePending, default, id.ToArray(), Page, cancellationToken).ConfigureAwait(false);
            if (waiting.Count == 0 || await work.PulseAsync(id).ConfigureAwait(false) is not { } pulse)
            {
                return false;
            }

            bool canSeal = CanSeal(pulse) && await AreKeysAcceptedAsync(work, pulse).ConfigureAwait(false);
            foreach (OpenedRecord item in waiting)
            {
                byte[]? bytes = await work.ReadAsync(RecordKey.PulseSent, item.Value).ConfigureAwait(false);
                if (bytes is not null && (!canSeal || !await TrySealAsync(work, pulse, PulseSentRecord.Decode(bytes)).ConfigureAwait(false)))
                {
                    return false;
                }

                work.Delete(RecordKey.PulsePending, item.Key.ToArray());
            }

            return waiting.Count == Page;
        },
        cancellationToken);

    /// <summary>Brings to the relay what is sealed, in its order.</summary>
    /// <returns>Whether nothing waits any more that could be sent now.</returns>
    public async Task<bool> DeliverAsync(PulseId id, CancellationToken cancellationToken)
    {
        bool isSubscribed = false;
        byte[] after = [];
        while (true)
        {
            IReadOnlyList<OpenedRecord> waiting =
                await core.Store.ScanAsync(RecordKey.PulseOutbox, after, id.ToArray(), Page, cancellationToken).ConfigureAwait(false);
            if (waiting.Count == 0)
            {
                return true;
            }

            after = waiting[^1].Key.ToArray();
            if (await SealAgainAsync(id, waiting, cancellationToken).ConfigureAwait(false))
            {
                after = [];
                continue;
            }

            var taken = new List<byte[]>();
            try
            {
                foreach (OpenedRecord item in waiting)
                {
                    GroupMessage message = PulseOutboxRecord.Decode(item.Value).ToMessage(id);
                    try
                    {
                        await core.Relay.SendToGroupAsync(message, cancellationToken).ConfigureAwait(false);
                    }
                    catch (E2EException exception) when (exception.Reason == E2EError.NotAllowed && !isSubscribed)
                    {
                        // A relay takes devices off its list by the word of the first candidate, whether or not that is valid.
                        isSubscribed = true;
                        await core.Relay.SubscribeAsync(message.GroupId, isSubscribed: true, cancellationToken).ConfigureAwait(false);
                        await core.Relay.SendToGroupAsync(message, cancellationToken).ConfigureAwait(false);
                    }

                    taken.Add(item.Key.ToArray());
                }
            }
            finally
            {
                await TakeOutAsync(taken).ConfigureAwait(false);
            }
        }
    }

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

    /// <summary>Takes what was sealed in a group, or said again in a session, once.</summary>
    public static async Task TakeAsync(Work work, OpenPulse pulse, SealedContent content, bool isSaidAgain)
    {
        IncomingStream stream = await work.IncomingAsync(content.Stream).ConfigureAwait(false);
        if (stream.Baseline == 0 && pulse.Record.HasComeBack && pulse.Record.ToAsk.Count < PulseRecord.MaxTold)
        {
            // This device may have missed what the sender said before: it was in the chat, and could not follow.
            pulse.Record.ToAsk.Add(content.Stream.Sender);
        }

        if (ContentType.IsInternal(content.Type))
        {
            stream.Note(content.Highest, work.Now);
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

    /// <summary>Lets everything be sealed again that was said on a line on which nobody else was.</summary>
    public async Task SayAnewAsync(Work work, OpenPulse pulse)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.PulseSent, after, pulse.Id.ToArray(), Page).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                after = item.Key.ToArray();
                PulseSentRecord sent = PulseSentRecord.Decode(item.Value);
                if (sent.PendingSequence == 0 && sent.Draft.Number > pulse.Record.SaidBefore && sent.Draft.Stream.StreamId == core.StreamId)
                {
                    Wait(work, pulse.Id, sent, after);
                }
            }
        }

        foreach (OpenedRecord item in await core.Store.ScanAsync(RecordKey.PulseOutbox, default, pulse.Id.ToArray(), MaxWaiting).ConfigureAwait(false))
        {
            work.Delete(RecordKey.PulseOutbox, item.Key.ToArray());
        }
    }

    /// <summary>Where this device's own messages stand: what was said up to here, in this stream and in those that were ended, is for nobody who
    /// comes now. What has a number and waits to be sealed behind it is for them, too.</summary>
    public async Task<PulseBaseline> BaselineAsync(Work work, OpenPulse pulse)
    {
        HashSet<ulong> waiting = [];
        foreach (OpenedRecord item in await core.Store.ScanAsync(RecordKey.PulsePending, default, pulse.Id.ToArray(), MaxWaiting).ConfigureAwait(false))
        {
            if (await work.ReadAsync(RecordKey.PulseSent, item.Value).ConfigureAwait(false) is { } bytes
                && PulseSentRecord.Decode(bytes) is { PendingSequence: not 0, Draft: { } draft }
                && draft.Stream.StreamId == core.StreamId)
            {
                waiting.Add(draft.Number);
            }
        }

        ulong number = await work.HighestAsync(pulse.Conversation).ConfigureAwait(false);
        while (waiting.Contains(number))
        {
            number--;
        }

        return new PulseBaseline(core.StreamId, number);
    }

    /// <summary>Whether this device has said anything in a chat that it could say again.</summary>
    public async Task<bool> HasSaidAsync(Work work, OpenPulse pulse) =>
        await work.HighestAsync(pulse.Conversation).ConfigureAwait(false) > 0
        || (await core.Store.ScanAsync(RecordKey.PulseSent, default, pulse.Id.ToArray(), 1).ConfigureAwait(false)).Count > 0;

    /// <summary>What waits to be sent or sealed, and will not be: this device is out.</summary>
    public async Task<IReadOnlyList<MessageId>> DropUnsentAsync(Work work, PulseId id)
    {
        var unsent = new SortedDictionary<ulong, MessageId>();
        foreach (byte table in new[] { RecordKey.PulsePending, RecordKey.PulseOutbox })
        {
            foreach (OpenedRecord item in await core.Store.ScanAsync(table, default, id.ToArray(), 2 * MaxWaiting).ConfigureAwait(false))
            {
                byte[] sent = table == RecordKey.PulsePending ? item.Value : PulseOutboxRecord.Decode(item.Value).SentKey;
                work.Delete(table, item.Key.ToArray());
                if (sent.Length > 0 && await work.ReadAsync(RecordKey.PulseSent, sent).ConfigureAwait(false) is { } bytes)
                {
                    Draft draft = PulseSentRecord.Decode(bytes).Draft;
                    unsent[draft.Number] = MessageId.Of(draft.Stream, draft.Number);
                }
            }
        }

        return [.. unsent.Values.Take(ushort.MaxValue)];
    }

    /// <summary>Puts a request to leave into the outbox.</summary>
    public void AddRequest(Work work, OpenPulse pulse, ulong epoch, byte[] request) =>
        AddOutgoing(work, pulse.Id, new PulseOutboxRecord(epoch, NewId(), request, []));

    public static MessageId NewId()
    {
        byte[] id = new byte[MessageId.Size];
        Randomness.Fill(id);
        return new MessageId(id);
    }

    public static byte[] SentKey(StreamName stream, ulong number) =>
        [.. stream.Conversation.Encoded[^PulseId.Size..], .. RecordKey.Of(stream, number)];

    private async Task<MessageId> TakeAsync(Work work, PulseId id, MessageContent content, byte[] body)
    {
        OpenPulse pulse = await work.PulseAsync(id).ConfigureAwait(false) ?? throw new E2EException(E2EError.MlsGroupClosed);
        pulse.Require();
        if (pulse.Record.IsLeaving)
        {
            throw new E2EException(E2EError.NotAllowed, "The account has asked to leave.");
        }

        await CheckKeysAsync(work, pulse).ConfigureAwait(false);
        ulong number = await work.NextNumberAsync(pulse.Conversation).ConfigureAwait(false);
        var draft = new Draft(new StreamName(core.Address, core.StreamId, pulse.Conversation), number, work.Now, content.Type, body);
        var record = new PulseSentRecord(draft, 0);
        if (content is DeletionContent deletion)
        {
            await ForgetTargetAsync(work, pulse, deletion.Target).ConfigureAwait(false);
        }

        bool waits = (await core.Store.ScanAsync(RecordKey.PulsePending, default, id.ToArray(), 1).ConfigureAwait(false)).Count > 0;
        if (waits || !CanSeal(pulse) || !await TrySealAsync(work, pulse, record).ConfigureAwait(false))
        {
            if ((await core.Store.ScanAsync(RecordKey.PulsePending, default, id.ToArray(), MaxWaiting).ConfigureAwait(false)).Count >= MaxWaiting)
            {
                throw new E2EException(E2EError.LimitExceeded, "Too much waits to be sent.");
            }

            Wait(work, id, record, SentKey(draft.Stream, number));
        }

        return MessageId.Of(draft.Stream, number);
    }

    /// <summary>Whether what is sealed now is for those whom the app means: nothing of this device's own waits to be taken that is about who
    /// reads it.</summary>
    private bool CanSeal(OpenPulse pulse) => core.IsRevisionConfirmed
        && pulse.Record is { IsOpen: true, IsRejoinWanted: false, IsLeaving: false, IsStalled: false }
        && pulse.Group is { IsRemoved: false, IsForWhatIsSaidNext: false };

    /// <summary>Members who came under another account key than the one that was remembered: the app's word comes first where the policy
    /// says so.</summary>
    private async Task CheckKeysAsync(Work work, OpenPulse pulse)
    {
        foreach (string userId in pulse.Record.Unchecked.ToArray())
        {
            UserRecord? user = await work.UserAsync(userId).ConfigureAwait(false);
            byte[]? key = pulse.Group!.Roster.Find(userId)?.AccountKey;
            if (key is null || user is null)
            {
                pulse.Record.Unchecked.Remove(userId);
                continue;
            }

            if (PublicBytes.Equal(user.Contact.Account.AccountKey.Span, key) && !user.Contact.IsChangePending)
            {
                pulse.Record.Unchecked.Remove(userId);
            }
            else if (user.Contact.Observe(new Keys.Ed25519PublicKey(key), work.Now).IsSendingStopped(core.Options.KeyChangePolicy))
            {
                throw new E2EException(E2EError.AccountKeyChanged, "A member's account key has to be accepted before anything is sent.");
            }
        }
    }

    /// <summary>The same for what waits: it waits on until the app has accepted the key.</summary>
    private async Task<bool> AreKeysAcceptedAsync(Work work, OpenPulse pulse)
    {
        try
        {
            await CheckKeysAsync(work, pulse).ConfigureAwait(false);
            return true;
        }
        catch (E2EException exception) when (exception.Reason == E2EError.AccountKeyChanged)
        {
            return false;
        }
    }

    private async Task<bool> TrySealAsync(Work work, OpenPulse pulse, PulseSentRecord record)
    {
        PulseGroup group = pulse.Require();
        Draft draft = record.Draft;
        if (draft.Stream.StreamId != core.StreamId)
        {
            // It was written before anybody knew that the store was put back: its number may be another message's.
            work.Delete(RecordKey.PulseSent, SentKey(draft.Stream, draft.Number));
            draft = draft with
            {
                Stream = draft.Stream with { StreamId = core.StreamId },
                Number = await work.NextNumberAsync(pulse.Conversation).ConfigureAwait(false),
            };
        }

        UserRecord own = await work.UserAsync(core.Address.UserId).ConfigureAwait(false) ?? throw new E2EException(E2EError.StoreDamaged);
        ulong highest = draft.Stream.StreamId == core.StreamId
            ? Math.Max(draft.Number, await work.HighestAsync(pulse.Conversation).ConfigureAwait(false))
            : draft.Number;
        var content = new SealedContent(
            draft.Stream, draft.Number, highest, draft.Time, own.View, NoList, 0, draft.Type, draft.Body);
        byte[] message;
        try
        {
            message = group.Seal(content.Encode());
        }
        catch (E2EException exception) when (exception.Reason == E2EError.MlsCommitRequired)
        {
            return false;
        }

        pulse.HasNewRatchets = true;
        byte[] key = SentKey(draft.Stream, draft.Number);
        work.Put(RecordKey.PulseSent, key, new PulseSentRecord(draft, 0).Encode());
        AddOutgoing(work, pulse.Id, new PulseOutboxRecord(group.Epoch, NewId(), message, key));
        return true;
    }

    private void Wait(Work work, PulseId id, PulseSentRecord record, byte[] key)
    {
        record = record with { PendingSequence = core.Sequence.Next() };
        work.Put(RecordKey.PulsePending, RecordKey.Of(id, record.PendingSequence), key);
        work.Put(RecordKey.PulseSent, key, record.Encode());
        work.WantPump();
    }

    private void AddOutgoing(Work work, PulseId id, PulseOutboxRecord record)
    {
        work.Put(RecordKey.PulseOutbox, RecordKey.Of(id, core.Sequence.Next()), record.Encode());
        work.WantPump();
    }

    /// <summary>What lay here for so long that others might not open it any more is sealed again, under its number.</summary>
    private Task<bool> SealAgainAsync(PulseId id, IReadOnlyList<OpenedRecord> waiting, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            if (await work.PulseAsync(id).ConfigureAwait(false) is not { Group: { IsRemoved: false } group } pulse || !pulse.Record.IsOpen)
            {
                return false;
            }

            bool any = false;
            foreach (OpenedRecord item in waiting)
            {
                PulseOutboxRecord record = PulseOutboxRecord.Decode(item.Value);
                if (record.Epoch + MaxSealedBehind >= group.Epoch)
                {
                    continue;
                }

                any = true;
                work.Delete(RecordKey.PulseOutbox, item.Key.ToArray());
                if (record.SentKey.Length > 0 && await work.ReadAsync(RecordKey.PulseSent, record.SentKey).ConfigureAwait(false) is { } bytes)
                {
                    Wait(work, id, PulseSentRecord.Decode(bytes), record.SentKey);
                }
            }

            return any;
        },
        cancellationToken);

    private Task TakeOutAsync(List<byte[]> taken) => taken.Count == 0
        ? Task.CompletedTask
        : core.ChangeAsync(
            [],
            work =>
            {
                foreach (byte[] key in taken)
                {
                    work.Delete(RecordKey.PulseOutbox, key);
                }

                return Task.CompletedTask;
            },
            CancellationToken.None);

    private static ulong EpochOf(ReadOnlySpan<byte> message, PulseId id)
    {
        PrivateMessage framed = MlsMessage.Decode<PrivateMessage>(message);
        return PulseId.Find(framed.GroupId) == id ? framed.Epoch : throw new E2EException(E2EError.MlsWrongGroup);
    }

    private async Task<bool> IsInvitedAsync(Work work, PulseId id)
    {
        foreach (OpenedRecord item in await core.Store.ScanAsync(RecordKey.Welcomes, default, default, WelcomeRecord.Max).ConfigureAwait(false))
        {
            if (WelcomeRecord.Decode(item.Value).Pulse == id)
            {
                return true;
            }
        }

        return work.Invitations.Contains(id);
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

    private async Task WaitAsync(Work work, PulseId id, PulseItemRecord record, bool isIn)
    {
        byte[] prefix = id.ToArray();
        bool isFull = await work.CountAsync(RecordKey.PulseWaiting, prefix, PulseItemRecord.MaxPerPulse).ConfigureAwait(false) >= PulseItemRecord.MaxPerPulse
            || (!isIn && await work.CountAsync(RecordKey.PulseWaiting, [], PulseItemRecord.MaxInAll).ConfigureAwait(false) >= PulseItemRecord.MaxInAll);
        if (isFull)
        {
            // Its number shows that it is missing, once what is behind it opens.
            if ((await core.Store.ScanAsync(RecordKey.PulseWaiting, default, prefix, 1).ConfigureAwait(false)) is not [var oldest])
            {
                return;
            }

            work.Delete(RecordKey.PulseWaiting, oldest.Key.ToArray());
        }

        work.Put(RecordKey.PulseWaiting, RecordKey.Of(id, core.Sequence.Next()), record.Encode());
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
            // Junk, or a message of another line: the others are asked.
            pulse.Record.IsAskWanted = true;
            work.WantPump();
        }
    }

    private async Task ForgetTargetAsync(Work work, OpenPulse pulse, MessageId target)
    {
        var stream = new StreamName(core.Address, core.StreamId, pulse.Conversation);
        ulong highest = await work.HighestAsync(pulse.Conversation).ConfigureAwait(false);
        for (ulong number = highest; number > 0 && highest - number < 10_000; number--)
        {
            if (MessageId.Of(stream, number) == target)
            {
                byte[] key = SentKey(stream, number);
                if (await work.ReadAsync(RecordKey.PulseSent, key).ConfigureAwait(false) is { } bytes)
                {
                    PulseSentRecord sent = PulseSentRecord.Decode(bytes);
                    work.Delete(RecordKey.PulseSent, key);
                    if (sent.PendingSequence != 0)
                    {
                        work.Delete(RecordKey.PulsePending, RecordKey.Of(pulse.Id, sent.PendingSequence));
                    }
                }

                return;
            }
        }
    }

    /// <summary>Whether what was said is to blame, and not this device's store.</summary>
    internal static bool IsOfTheMessage(E2EError reason) => reason is not (E2EError.StoreFailed or E2EError.StoreDamaged
        or E2EError.StoreInUse or E2EError.StoreConflict or E2EError.WrongMasterKey or E2EError.RelayUnavailable);
}
