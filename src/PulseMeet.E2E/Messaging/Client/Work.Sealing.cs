using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;

namespace PulseMeet.E2E.Messaging;

/// <content>How a content is sealed for a device, and a session begun for that.</content>
internal sealed partial class Work
{
    /// <summary>The device's record, with the sessions of earlier keys gone.</summary>
    public async ValueTask<PeerRecord> PeerAsync(DeviceCertificate listed)
    {
        PeerRecord peer = await PeerAsync(listed.Address).ConfigureAwait(false);
        DropSessions(listed.Address, peer.Observe(listed.IdentityKey));
        return peer;
    }

    /// <summary>Whether a device on a user's list can be written to now; otherwise a session has to be begun.</summary>
    public async ValueTask<bool> HasSessionAsync(DeviceCertificate listed) =>
        await ActiveAsync(listed).ConfigureAwait(false) is not null;

    /// <summary>Seals a content for a device, and puts it into the outbox.</summary>
    /// <returns>The envelope's id; null where there is no session to write on, or too much waits for the device: of a message it hears by its
    /// number then, once something arrives, and asks for it.</returns>
    public async ValueTask<MessageId?> TrySealAsync(UserRecord own, UserRecord recipient, DeviceCertificate listed, Draft draft)
    {
        if (!IsRoomFor(listed.Address, isMessage: draft.Number > 0)
            || await TrySealAsync(own, recipient, listed, draft, SealedEnvelope.Stored).ConfigureAwait(false) is not { } envelope)
        {
            return null;
        }

        AddOutgoing(envelope);
        return envelope.Envelope;
    }

    /// <summary>Seals a content for a device, of either kind; what becomes of it is the caller's matter.</summary>
    public async ValueTask<OutboxRecord?> TrySealAsync(
        UserRecord own, UserRecord recipient, DeviceCertificate listed, Draft draft, byte kind)
    {
        if (await ActiveAsync(listed).ConfigureAwait(false) is not { } active)
        {
            return null;
        }

        (SessionEntry entry, RatchetSession session) = active;
        ulong highest = Math.Max(draft.Number, await HighestToldAsync(draft.Stream).ConfigureAwait(false));
        var content = new SealedContent(
            draft.Stream, draft.Number, highest, draft.Time, own.View, recipient.View, entry.Generation, draft.Type, draft.Body);
        MessageId id = EnvelopeId.New(_core.Identity.Certificate.IdentityKey, listed.IdentityKey);
        TakeRenewed(session, listed);
        byte[] message = session.Seal(
            content.Encode(), SealedEnvelope.AssociatedData(kind, id.ToArray(), _core.Address, listed.Address));
        ChangeSession(listed.Address, entry.Id);
        return new OutboxRecord(listed.Address, id, SealedEnvelope.Encode(kind, message));
    }

    /// <summary>Begins a session with a listed device, above all others.</summary>
    /// <exception cref="E2EException">As for <see cref="RatchetSession.Initiate"/>, or the device is not on the list
    /// (<see cref="E2EError.UnlistedDevice"/>). Nothing has changed.</exception>
    public async ValueTask BeginAsync(UserRecord user, PreKeyBundle bundle)
    {
        user.List.CheckListed(bundle.Certificate);
        DeviceAddress device = bundle.Certificate.Address;
        PeerRecord peer = await PeerAsync(bundle.Certificate).ConfigureAwait(false);
        RatchetSession session = RatchetSession.Initiate(
            _core.Identity,
            new ExpectedPeer(device, user.Contact.Account.AccountKey),
            bundle,
            _core.Options.Ratchet,
            _core.Options.PreKeys,
            _core.Time);
        var id = SessionId.Of(session.HandshakeHash);
        AddSession(device, id, session);
        DropSessions(device, peer.Book.Add(id, peer.Book.NextGeneration(Now), Now));
        peer.IsRenewalWanted = false;
        peer.IsUnreachable = false;
    }

    private async ValueTask<(SessionEntry Entry, RatchetSession Session)?> ActiveAsync(DeviceCertificate listed)
    {
        PeerRecord peer = await PeerAsync(listed).ConfigureAwait(false);
        if (peer.IsRenewalWanted || peer.Book.Active is not { } entry)
        {
            return null;
        }

        RatchetSession? session = await SessionAsync(listed.Address, entry.Id).ConfigureAwait(false);
        return session is null || session.IsRenewalDue ? null : (entry, session);
    }

    /// <summary>Certificates that were renewed since, on either side.</summary>
    private void TakeRenewed(RatchetSession session, DeviceCertificate listed)
    {
        if (!session.IsAcknowledged)
        {
            session.TakeOwnRenewed(_core.Identity);
        }

        if (listed.NotAfter > session.Peer.NotAfter)
        {
            session.TakePeerRenewed(listed);
        }
    }
}
