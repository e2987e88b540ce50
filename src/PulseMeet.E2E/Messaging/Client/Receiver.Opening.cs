using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <content>How an item is opened: on the session that it belongs to, or on one that it begins.</content>
internal sealed partial class Receiver
{
    /// <summary>Opens what was held until an account key was accepted. For whoever has the user's and the prekeys' turns.</summary>
    public async Task OpenHeldAsync(Work work, UserRecord own, HeldRecord held)
    {
        var item = new MailboxItem(
            0, MailboxItemKind.Envelope, held.Sender, default, held.EnvelopeId.ToArray(), work.Now, held.Envelope);
        var arrived = new Dictionary<StreamName, RangeSet>();
        await OpenAsync(work, own, item, new HashSet<string>(), arrived, [], before: null).ConfigureAwait(false);
        await controls.TellDeliveredAsync(work, arrived).ConfigureAwait(false);
    }

    private async Task OpenAsync(
        Work work,
        UserRecord own,
        MailboxItem item,
        IReadOnlySet<string> early,
        Dictionary<StreamName, RangeSet> arrived,
        List<SignalReceived> signals,
        EarlyItems.Item? before)
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
            if (!early.Contains(item.Sender.UserId) || !TryLeave(work, item, user, before))
            {
                Unreadable(work, item, user is null ? E2EError.UnknownDevice : E2EError.UnlistedDevice);
            }

            return;
        }

        bool isSignal = item.Kind == MailboxItemKind.Signal;
        if (item.Kind != MailboxItemKind.Envelope && !isSignal)
        {
            Unreadable(work, item, E2EError.UnsupportedVersion);
            return;
        }

        if (user.Contact.IsSendingStopped(core.Options.KeyChangePolicy))
        {
            if (!isSignal)
            {
                await HoldAsync(work, user, new HeldRecord([], item.Sender, IdOf(item), item.Content.ToArray())).ConfigureAwait(false);
            }

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
            bool isEarly = exception.Reason == E2EError.UnlistedDevice && early.Contains(user.UserId);
            if (!(isEarly || IsOfTheFuture(exception.Reason, item, work.Now)) || !TryLeave(work, item, user, before))
            {
                await RefuseAsync(work, user, listed, item, exception.Reason).ConfigureAwait(false);
            }

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

    private static bool IsSameDevice(ReadOnlySpan<byte> firstMessage, DeviceCertificate listed) => PublicBytes.Equal(
        DeviceCertificate.IdentityOf(FirstMessage.Read(firstMessage).Header.Certificate), listed.Identity);
}
