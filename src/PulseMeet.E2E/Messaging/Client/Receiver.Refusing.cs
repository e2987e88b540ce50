using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <content>What becomes of an item that does not open, or must not yet.</content>
internal sealed partial class Receiver
{
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

    /// <summary>Leaves an item at the relay until the clocks agree, and tells the app the first time.</summary>
    /// <returns>Whether the relay has it still, and there was room; or it is a copy of one that is left.</returns>
    private bool TryLeave(Work work, MailboxItem item, UserRecord? user, EarlyItems.Item? before)
    {
        if (item.Id == 0 || item.Kind != MailboxItemKind.Envelope)
        {
            return false;
        }

        if (_early.IsCopy(item))
        {
            // It is passed over.
            return true;
        }

        bool isLeft = _early.TryLeave(item, user?.Standing == Standing.Accepted, before, out IReadOnlyList<EarlyItems.Item> refused);
        foreach (EarlyItems.Item other in refused)
        {
            work.Put(RecordKey.Taken, RecordKey.Of(other.Id), []);
            _early.Forget(work, other.Id);
            work.AddEvent(new MessageUnreadable(other.Sender, E2EError.Expired, isAskedForAgain: false));
        }

        if (isLeft && _early.TryTell(work, item.Id))
        {
            work.AddEvent(new MessageUnreadable(item.Sender, E2EError.Expired, isAskedForAgain: true));
        }

        return isLeft;
    }

    /// <summary>Whether a first message was refused because its certificate is of a clock that is ahead of this one.</summary>
    private static bool IsOfTheFuture(E2EError reason, MailboxItem item, DateTimeOffset now)
    {
        if (reason != E2EError.Expired)
        {
            return false;
        }

        ReadOnlyMemory<byte> message = SealedEnvelope.Decode(SealedEnvelope.Stored, item.Content);
        var certificate = DeviceCertificate.Decode(FirstMessage.Read(message.Span).Header.Certificate);
        return certificate.NotBefore - now > IdentityLimits.ClockTolerance;
    }

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
