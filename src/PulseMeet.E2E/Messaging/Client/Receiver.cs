using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>Opens what the relay brings. A page of it is one batch: sessions, used prekeys, what the app is told, and the ids that
/// the relay may forget then.</summary>
/// <remarks>Nothing that the relay says is believed: its word for the sender says only whose sessions are tried. What cannot be read
/// becomes an event, and the next item is read. One page at a time.</remarks>
internal sealed class Receiver(ClientCore core, DeviceLists lists, Conversations conversations, Controls controls, Pulses pulses)
    : IDisposable
{
    /// <summary>The most items of one page.</summary>
    public const int Page = 100;

    private readonly QueueWatch _watch = new(core, "inbox", RecordKey.Inbox);

    public void Dispose() => _watch.Dispose();

    /// <summary>Receives one page, waits for it where nothing is there, and acknowledges what is durable.</summary>
    /// <param name="wait">At most this long.</param>
    /// <param name="waiting">Ends the waiting at the relay alone: what has come is taken.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>How many items came; -1 where too many events wait.</returns>
    /// <exception cref="E2EException">The relay cannot be reached.</exception>
    public async Task<int> ReceiveAsync(TimeSpan wait, CancellationToken waiting, CancellationToken cancellationToken)
    {
        Task<IDisposable> entering = core.Gates.EnterAsync([Gates.Mailbox], cancellationToken);
        if (wait == TimeSpan.Zero)
        {
            // Whoever waits at the relay lets go of the turn.
            core.Incoming.Wake();
        }

        using IDisposable turn = await entering.ConfigureAwait(false);
        if ((await core.Store.ScanKeysAsync(RecordKey.Inbox, default, default, ClientCore.MaxInbox, null, cancellationToken).ConfigureAwait(false))
            .Count >= ClientCore.MaxInbox)
        {
            return -1;
        }

        long[] taken = await AcknowledgeAsync(cancellationToken).ConfigureAwait(false);
        MailboxPage page = await core.Relay
            .ReceiveAsync(new MailboxRequest(Page, core.OpenedAt is null ? wait : TimeSpan.Zero, core.ToldRevision, taken), waiting).ConfigureAwait(false);
        await controls.NoticeRollbackAsync(page.HighestStoreRevision, cancellationToken).ConfigureAwait(false);
        core.IsRevisionConfirmed = true;
        MailboxItem[] items = [.. page.Items.Take(Page).Where(item => item.Id == 0 || !taken.Contains(item.Id))];
        await PushAsync(items, cancellationToken).ConfigureAwait(false);
        await GivingWay.OnceAsync().ConfigureAwait(false);
        await AcknowledgeAsync(cancellationToken).ConfigureAwait(false);
        await _watch.LookAsync(cancellationToken).ConfigureAwait(false);
        return page.Items.Count;
    }

    /// <summary>Opens items that came in whichever way; when this returns, what they said is durable.</summary>
    public async Task PushAsync(IReadOnlyList<MailboxItem> items, CancellationToken cancellationToken)
    {
        if (items.Count == 0)
        {
            return;
        }

        await FetchListsAsync(items, cancellationToken).ConfigureAwait(false);
        string[] turns =
        [
            Gates.PreKeys,
            Gates.User(core.Address.UserId),
            .. items.Select(item => Gates.User(item.Sender.UserId)),
            .. Pulses.TurnsOf(items),
        ];
        var signals = new List<SignalReceived>();
        await core.ChangeAsync(
            turns,
            async work =>
            {
                var arrived = new Dictionary<StreamName, RangeSet>();
                UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
                foreach (MailboxItem item in items)
                {
                    await OpenAsync(work, own, item, arrived, signals).ConfigureAwait(false);
                    if (item.Id > 0)
                    {
                        work.Put(RecordKey.Taken, RecordKey.Of(item.Id), []);
                    }

                    await GivingWay.OnceAsync().ConfigureAwait(false);
                }

                await controls.TellDeliveredAsync(work, arrived).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        foreach (SignalReceived signal in signals)
        {
            core.Signals.Writer.TryWrite(signal);
            core.Incoming.Wake();
        }
    }

    /// <summary>Opens what was held until an account key was accepted. For whoever has the user's and the prekeys' turns.</summary>
    public async Task OpenHeldAsync(Work work, UserRecord own, HeldRecord held)
    {
        var item = new MailboxItem(
            0, MailboxItemKind.Envelope, held.Sender, default, held.EnvelopeId.ToArray(), work.Now, held.Envelope);
        var arrived = new Dictionary<StreamName, RangeSet>();
        await OpenAsync(work, own, item, arrived, []).ConfigureAwait(false);
        await controls.TellDeliveredAsync(work, arrived).ConfigureAwait(false);
    }

    /// <summary>Tells the relay what it may forget: what is durable here.</summary>
    /// <returns>What it could not be told.</returns>
    private async Task<long[]> AcknowledgeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            IReadOnlyList<ReadOnlyMemory<byte>> taken = await core.Store.ScanKeysAsync(
                RecordKey.Taken, default, default, 1000, key => !core.Leftovers.Contains(RecordKey.Taken, key.Span), cancellationToken).ConfigureAwait(false);
            long[] ids = [.. taken.Select(key => RecordKey.ToNumber(key.Span))];
            if (ids.Length == 0)
            {
                return [];
            }

            await core.Relay.AcknowledgeAsync(ids, cancellationToken).ConfigureAwait(false);
            if (core.Leftovers.TryAdd(RecordKey.Taken, [.. ids.Select(id => RecordKey.Of(id))]))
            {
                continue;
            }

            await core.ChangeAsync(
                [],
                work =>
                {
                    foreach (long id in ids)
                    {
                        work.Delete(RecordKey.Taken, RecordKey.Of(id));
                    }

                    return Task.CompletedTask;
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Asks for the lists of senders who are not known, or whose device is not on the list that is: before any turn is
    /// taken, and once for a user in a page, however many devices the relay invents.</summary>
    private async Task FetchListsAsync(IReadOnlyList<MailboxItem> items, CancellationToken cancellationToken)
    {
        var asked = new HashSet<string>(StringComparer.Ordinal);
        foreach (DeviceAddress sender in items.Where(item => !Pulses.IsOfGroup(item)).Select(item => item.Sender).Distinct())
        {
            OpenedRecord? bytes = await core.Store
                .ReadAsync(RecordKey.Users, RecordKey.Of(sender.UserId), cancellationToken).ConfigureAwait(false);
            UserRecord? user = bytes is null ? null : core.Users.Decode(sender.UserId, bytes.Value);
            bool isOther = user is not null && items.Any(item => item.Sender == sender && !IsListed(user, item));
            if ((user is null || isOther || user.IsRefreshWanted) && user?.Standing != Standing.Blocked && asked.Add(sender.UserId))
            {
                try
                {
                    await lists.RefreshAsync(sender.UserId, Standing.Unanswered, cancellationToken).ConfigureAwait(false);
                }
                catch (E2EException exception) when (user is null && exception.Reason is not (E2EError.RelayUnavailable
                    or E2EError.UnknownDevice or E2EError.StoreFailed or E2EError.StoreInUse or E2EError.StoreDamaged or E2EError.StoreConflict))
                {
                    // A list that is not in order: the sender stays unknown, and so do the messages.
                }
            }
        }
    }

    private async Task OpenAsync(
        Work work, UserRecord own, MailboxItem item, Dictionary<StreamName, RangeSet> arrived, List<SignalReceived> signals)
    {
        if (Pulses.IsOfGroup(item))
        {
            try
            {
                await pulses.OpenAsync(work, item).ConfigureAwait(false);
            }
            catch (E2EException exception) when (IsOfTheMessage(exception.Reason))
            {
                Unreadable(work, item, exception.Reason);
            }

            return;
        }

        UserRecord? user = item.Sender == core.Address ? null : await work.UserAsync(item.Sender.UserId).ConfigureAwait(false);
        if (user?.Standing == Standing.Blocked)
        {
            return;
        }

        if (user?.List.Find(item.Sender.DeviceId) is not { } listed)
        {
            Unreadable(work, item, user is null ? E2EError.UnknownDevice : E2EError.UnlistedDevice);
            return;
        }

        if (user.Contact.IsSendingStopped(core.Options.KeyChangePolicy))
        {
            await HoldAsync(work, user, new HeldRecord([], item.Sender, IdOf(item), item.Content.ToArray())).ConfigureAwait(false);
            return;
        }

        bool isSignal = item.Kind == MailboxItemKind.Signal;
        if (item.Kind != MailboxItemKind.Envelope && !isSignal)
        {
            Unreadable(work, item, E2EError.UnsupportedVersion);
            return;
        }

        Opened opened;
        try
        {
            byte kind = isSignal ? SealedEnvelope.Passing : SealedEnvelope.Stored;
            ReadOnlyMemory<byte> message = SealedEnvelope.Decode(kind, item.Content);
            byte[] associated = SealedEnvelope.AssociatedData(kind, IdOf(item).ToArray(), item.Sender, core.Address);
            opened = await OpenAsync(work, user, listed, message, associated).ConfigureAwait(false);
        }
        catch (E2EException exception) when (IsOfTheMessage(exception.Reason))
        {
            await RefuseAsync(work, user, listed, item, exception.Reason).ConfigureAwait(false);
            return;
        }

        try
        {
            if (isSignal != (opened.Content.Type == ContentType.Signal))
            {
                throw new E2EException(E2EError.InvalidEncoding, "A signal that is stored, or another content that is not.");
            }

            await TakeAsync(work, own, user, listed, opened, arrived, signals).ConfigureAwait(false);
        }
        catch (E2EException exception) when (IsOfTheMessage(exception.Reason))
        {
            Unreadable(work, item, exception.Reason);
        }
    }

    /// <summary>Opens a message on the session that it belongs to, or on the one that it begins.</summary>
    private async Task<Opened> OpenAsync(
        Work work, UserRecord user, DeviceCertificate listed, ReadOnlyMemory<byte> message, byte[] associated)
    {
        PeerRecord peer = await work.PeerAsync(listed).ConfigureAwait(false);
        bool isFirst = RatchetSession.IsFirstMessage(message.Span);
        E2EError reason = E2EError.NotAuthentic;
        foreach (SessionEntry entry in peer.Book.Entries.ToArray())
        {
            RatchetSession? session = await work.SessionAsync(listed.Address, entry.Id).ConfigureAwait(false);
            if (session is null || (isFirst && !session.BeganWith(message.Span)))
            {
                continue;
            }

            try
            {
                byte[] plaintext = session.Open(message.Span, associated);
                work.ChangeSession(listed.Address, entry.Id);
                peer.Book.Received(entry.Id, work.Now);
                return new Opened(Read(plaintext, listed), IsNewSession: false, entry.Id);
            }
            catch (E2EException exception) when (!isFirst && exception.Reason is E2EError.NotAuthentic)
            {
                // Not this session's: the next one is tried.
            }
            catch (E2EException exception) when (!isFirst && exception.Reason is E2EError.TooFarAhead)
            {
                reason = exception.Reason;
            }
        }

        return isFirst ? Accept(work, user, listed, peer, message, associated) : throw new E2EException(reason);
    }

    private Opened Accept(
        Work work, UserRecord user, DeviceCertificate listed, PeerRecord peer, ReadOnlyMemory<byte> message, byte[] associated)
    {
        if (!IsSameDevice(message.Span, listed))
        {
            throw new E2EException(E2EError.UnlistedDevice);
        }

        AcceptedSession accepted = RatchetSession.Accept(
            core.PreKeys,
            new ExpectedPeer(listed.Address, user.Contact.Account.AccountKey),
            message.Span,
            core.Options.Ratchet,
            core.Time,
            associated);
        work.HasUsedPreKeys = true;
        var id = SessionId.Of(accepted.Session.HandshakeHash);
        work.AddSession(listed.Address, id, accepted.Session);
        ulong generation = 0;
        try
        {
            SealedContent content = Read(accepted.Plaintext.ToArray(), listed);
            generation = content.Generation;
            peer.IsUnreachable = false;
            return new Opened(content, IsNewSession: true, id);
        }
        finally
        {
            work.DropSessions(listed.Address, peer.Book.Add(id, generation, work.Now));
        }
    }

    private static SealedContent Read(byte[] plaintext, DeviceCertificate listed)
    {
        SealedContent content = SealedContent.Decode(plaintext);
        return content.Stream.Sender == listed.Address
            ? content
            : throw new E2EException(E2EError.WrongIdentity, "The content names another sender.");
    }

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
        (await work.IncomingAsync(content.Stream).ConfigureAwait(false)).Note(content.Highest, work.Now);
    }

    private async Task TakeMessageAsync(
        Work work, UserRecord user, string with, SealedContent content, Dictionary<StreamName, RangeSet> arrived)
    {
        var message = new MessageReceived(content, MessageContent.Decode(content.Type, content.Body.Span), with);
        if (user.Standing == Standing.Unanswered && !await HasRoomAsync(work, user.UserId).ConfigureAwait(false))
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
            work.AddEvent(new MessageRequested(user.UserId));
        }
    }

    /// <summary>By what is stored: without the user's turn it is only a hint.</summary>
    private async Task<bool> IsAcceptedAsync(string userId) =>
        (await core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(userId)).ConfigureAwait(false)) is { } known
            && core.Users.Decode(userId, known.Value).Standing == Standing.Accepted;

    private static async Task<bool> HasRoomAsync(Work work, string userId) =>
        await work.CountAsync(RecordKey.Held, RecordKey.UserPrefix(userId), HeldRecord.MaxPerUser).ConfigureAwait(false) < HeldRecord.MaxPerUser;

    private async Task HoldAsync(Work work, UserRecord user, HeldRecord held)
    {
        if (await HasRoomAsync(work, user.UserId).ConfigureAwait(false))
        {
            work.Put(RecordKey.Held, RecordKey.UserItem(user.UserId, core.Sequence.Next()), held.Encode());
        }
        else if (held.Envelope.Length > 0)
        {
            work.AddEvent(new MessageUnreadable(held.Sender, E2EError.LimitExceeded, isAskedForAgain: false));
        }
    }

    private async Task RefuseAsync(Work work, UserRecord user, DeviceCertificate listed, MailboxItem item, E2EError reason)
    {
        if (reason is E2EError.DuplicateMessage or E2EError.ReplayedHandshake)
        {
            return;
        }

        bool isOfTheSession = reason is E2EError.NotAuthentic or E2EError.UnknownPreKey or E2EError.TooFarAhead or E2EError.WrongSession;
        if (isOfTheSession && item.EnvelopeId.Length == SealedEnvelope.IdSize)
        {
            if (!EnvelopeId.IsFor(IdOf(item), core.Identity.Certificate.IdentityKey))
            {
                // It was for a device that had this one's name before.
                return;
            }

            if (!EnvelopeId.IsBy(IdOf(item), listed.IdentityKey))
            {
                // It is by a device that had the sender's name before.
                Unreadable(work, item, E2EError.UnlistedDevice);
                return;
            }
        }

        bool isAsked = false;
        if (item.Kind == MailboxItemKind.Envelope && user.Standing == Standing.Accepted && isOfTheSession)
        {
            PeerRecord peer = await work.PeerAsync(listed).ConfigureAwait(false);
            isAsked = peer.TryAsk(IdOf(item)) && await Controls.WantRepairAsync(work, listed.Address, IdOf(item)).ConfigureAwait(false);
        }

        if (item.Kind == MailboxItemKind.Envelope)
        {
            work.AddEvent(new MessageUnreadable(item.Sender, reason, isAsked));
        }
    }

    /// <summary>Whether the list that is known has the sending device, with the keys that a first message shows.</summary>
    private static bool IsListed(UserRecord user, MailboxItem item)
    {
        if (user.List.Find(item.Sender.DeviceId) is not { } listed)
        {
            return false;
        }

        try
        {
            ReadOnlyMemory<byte> message = SealedEnvelope.Decode(SealedEnvelope.Stored, item.Content);
            return !RatchetSession.IsFirstMessage(message.Span) || IsSameDevice(message.Span, listed);
        }
        catch (E2EException)
        {
            return true;
        }
    }

    private static bool IsSameDevice(ReadOnlySpan<byte> firstMessage, DeviceCertificate listed) => PublicBytes.Equal(
        DeviceCertificate.IdentityOf(FirstMessage.Read(firstMessage).Header.Certificate), listed.Identity);

    private static void Unreadable(Work work, MailboxItem item, E2EError reason)
    {
        if (item.Kind != MailboxItemKind.Signal)
        {
            work.AddEvent(new MessageUnreadable(item.Sender, reason, isAskedForAgain: false));
        }
    }

    /// <summary>The envelope's id as the relay gives it; zeros, which open nothing, where it has another length.</summary>
    private static MessageId IdOf(MailboxItem item) =>
        item.EnvelopeId.Length == SealedEnvelope.IdSize ? new MessageId(item.EnvelopeId.Span) : default;

    /// <summary>Whether the message is to blame, and not this device's store.</summary>
    private static bool IsOfTheMessage(E2EError reason) => reason is not (E2EError.StoreFailed or E2EError.StoreDamaged
        or E2EError.StoreInUse or E2EError.StoreConflict or E2EError.WrongMasterKey or E2EError.RelayUnavailable);
}
