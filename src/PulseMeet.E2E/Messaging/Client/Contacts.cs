using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Messaging;

/// <summary>What the app says about a user: accepted, blocked, verified.</summary>
internal sealed class Contacts(ClientCore core, DeviceLists lists, Conversations conversations, Receiver receiver, Controls controls)
{
    public Task AcceptAsync(string userId, CancellationToken cancellationToken) => SayAsync(userId, Standing.Accepted, cancellationToken);

    public Task BlockAsync(string userId, CancellationToken cancellationToken) => SayAsync(userId, Standing.Blocked, cancellationToken);

    /// <summary>Takes note of how a user stands, hands over what waited for that, or drops it. For whoever has the user's and the
    /// prekeys' turns.</summary>
    public async Task StandAsync(Work work, UserRecord user, Standing standing, DateTimeOffset at)
    {
        await Requests.EndAsync(core, work, user.UserId).ConfigureAwait(false);
        if (standing == Standing.Accepted)
        {
            work.SetUser(user with { Standing = standing, StandingAt = at });
            await ReleaseAsync(work, user.UserId).ConfigureAwait(false);
            return;
        }

        work.SetUser(user with { Standing = standing, StandingAt = at, IsRequestTold = false });
        foreach (OpenedRecord item in await HeldAsync(user.UserId).ConfigureAwait(false))
        {
            work.Delete(RecordKey.Held, item.Key.ToArray());
        }
    }

    public Task AcceptKeyAsync(string userId, Ed25519PublicKey accountKey, CancellationToken cancellationToken) => ChangeAsync(
        userId,
        async (work, user) =>
        {
            work.SetUser(user with { Contact = user.Contact.Accept(accountKey, work.Now) });
            await ReleaseAsync(work, userId).ConfigureAwait(false);
        },
        cancellationToken);

    public async Task<SafetyNumber> GetSafetyNumberAsync(string userId, CancellationToken cancellationToken)
    {
        (UserRecord own, UserRecord peer) = await ReadAsync(userId, cancellationToken).ConfigureAwait(false);
        return SafetyNumber.Of(own.Contact.Account, peer.Contact.Account);
    }

    public Task MarkVerifiedAsync(string userId, SafetyNumber compared, CancellationToken cancellationToken) => ChangeAsync(
        userId,
        async (work, user) =>
        {
            UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
            work.SetUser(user with { Contact = user.Contact.MarkVerified(own.Contact.Account, compared, work.Now) });
            await ReleaseAsync(work, userId).ConfigureAwait(false);
        },
        cancellationToken);

    public async Task<bool> IsVerifiedAsync(string userId, CancellationToken cancellationToken) =>
        (await ReadAsync(userId, cancellationToken).ConfigureAwait(false)).Peer.Contact.State == VerificationState.Verified;

    /// <summary>Sends a signal to the devices that have a session. What cannot be passed on now is lost.</summary>
    public async Task SignalAsync(string userId, Signal signal, CancellationToken cancellationToken)
    {
        _ = core.Identity;
        var sealedSignals = new List<OutboxRecord>();
        await core.ChangeAsync(
            conversations.Turns(userId),
            async work =>
            {
                UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
                UserRecord? peer = await work.UserAsync(userId).ConfigureAwait(false);
                if (peer is not { Standing: Standing.Accepted } || peer.Contact.IsSendingStopped(core.Options.KeyChangePolicy))
                {
                    return;
                }

                Draft draft = conversations.Control(
                    ConversationName.Direct(core.Address.UserId, userId), ContentType.Signal, signal.Encode());
                foreach (DeviceCertificate device in peer.List.Devices.Where(device => device.Address != core.Address))
                {
                    if (await work.TrySealAsync(own, peer, device, draft, SealedEnvelope.Passing).ConfigureAwait(false) is { } envelope)
                    {
                        sealedSignals.Add(envelope);
                    }
                }
            },
            cancellationToken).ConfigureAwait(false);
        foreach (OutboxRecord envelope in sealedSignals)
        {
            try
            {
                await core.Relay.SignalAsync(envelope.ToEnvelope(), cancellationToken).ConfigureAwait(false);
            }
            catch (E2EException exception) when (exception.Reason is E2EError.RelayUnavailable or E2EError.LimitExceeded)
            {
                return;
            }
        }
    }

    private Task SayAsync(string userId, Standing standing, CancellationToken cancellationToken) => ChangeAsync(
        userId,
        async (work, user) =>
        {
            // One's own last word is the last one, also where another device's clock is ahead.
            DateTimeOffset at = work.Now > user.StandingAt ? work.Now : user.StandingAt + TimeSpan.FromMilliseconds(1);
            await StandAsync(work, user, standing, at).ConfigureAwait(false);
            var said = ContactStanding.Of(user with { Standing = standing, StandingAt = at });
            await conversations.TellOwnDevicesAsync(work, new ContactStandingContent([said])).ConfigureAwait(false);
        },
        cancellationToken);

    private async Task<(UserRecord Own, UserRecord Peer)> ReadAsync(string userId, CancellationToken cancellationToken)
    {
        _ = core.Identity;
        OpenedRecord? known = await core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(userId), cancellationToken).ConfigureAwait(false);
        UserRecord peer = known is not null
            ? core.Users.Decode(userId, known.Value)
            : await lists.RefreshAsync(userId, Standing.Unanswered, cancellationToken).ConfigureAwait(false)
                ?? throw new E2EException(E2EError.UnknownDevice, "The relay knows no such user.");
        OpenedRecord own = await core.Store
            .ReadAsync(RecordKey.Users, RecordKey.Of(core.Address.UserId), cancellationToken).ConfigureAwait(false)
                ?? throw new E2EException(E2EError.StoreDamaged);
        return (core.Users.Decode(core.Address.UserId, own.Value), peer);
    }

    private async Task ChangeAsync(string userId, Func<Work, UserRecord, Task> change, CancellationToken cancellationToken)
    {
        await ReadAsync(userId, cancellationToken).ConfigureAwait(false);
        await core.ChangeAsync(
            conversations.Turns(userId).Append(Gates.PreKeys),
            async work => await change(
                work,
                await work.UserAsync(userId).ConfigureAwait(false) ?? throw new E2EException(E2EError.UnknownDevice)).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Hands over what waited for the app's word.</summary>
    private async Task ReleaseAsync(Work work, string userId)
    {
        UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
        UserRecord user = await work.UserAsync(userId).ConfigureAwait(false) ?? own;
        if (user.Contact.IsSendingStopped(core.Options.KeyChangePolicy))
        {
            return;
        }

        work.WantPump();
        var arrived = new Dictionary<StreamName, RangeSet>();
        foreach (OpenedRecord item in await HeldAsync(userId).ConfigureAwait(false))
        {
            HeldRecord held = HeldRecord.Decode(item.Value);
            if (held.Event.Length == 0)
            {
                work.Delete(RecordKey.Held, item.Key.ToArray());
                await receiver.OpenHeldAsync(work, own, held).ConfigureAwait(false);
            }
            else if (user.Standing == Standing.Accepted)
            {
                work.Delete(RecordKey.Held, item.Key.ToArray());
                var message = (MessageReceived)EventCodec.Decode(0, held.Event);
                work.AddEvent(message);
                if (!arrived.TryGetValue(message.Sealed.Stream, out RangeSet? numbers))
                {
                    arrived.Add(message.Sealed.Stream, numbers = new RangeSet());
                }

                numbers.Add(new NumberRange(message.Sealed.Number, message.Sealed.Number));
            }
        }

        await controls.TellDeliveredAsync(work, arrived).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<OpenedRecord>> HeldAsync(string userId) =>
        await core.Store.ScanAsync(RecordKey.Held, default, RecordKey.UserPrefix(userId), 2 * HeldRecord.MaxPerUser).ConfigureAwait(false);
}
