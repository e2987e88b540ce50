using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Messaging;

/// <summary>Takes note of device lists: pins account keys, notices changes and older lists, and drops what belonged to removed
/// devices.</summary>
internal sealed class DeviceLists(ClientCore core)
{
    /// <summary>Asks the relay for a user's list and takes note of it. No turn may be held.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="standing">How the app stands to the user where the user was not known.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>What is known then; null where the relay knows no such user, and nobody did before.</returns>
    /// <exception cref="E2EException">The relay is not reachable (<see cref="E2EError.RelayUnavailable"/>), or the list of a user
    /// who was not known is not in order.</exception>
    public async Task<UserRecord?> RefreshAsync(string userId, Standing standing, CancellationToken cancellationToken)
    {
        byte[]? list = await AskAsync(userId, cancellationToken).ConfigureAwait(false);
        return await core.ChangeAsync(
            [Gates.User(userId)],
            async work => await ApplyAsync(work, userId, list, standing).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes note of a list that came from the relay, under the user's turn.</summary>
    /// <exception cref="E2EException">The user was not known, and the list is not in order.</exception>
    public async ValueTask<UserRecord?> ApplyAsync(Work work, string userId, byte[]? encoded, Standing standing)
    {
        UserRecord? known = await work.UserAsync(userId).ConfigureAwait(false);
        if (encoded is null)
        {
            return known is null ? null : Suspicious(work, Fetched(known, work.Now));
        }

        if (known is null)
        {
            DeviceList first = DeviceList.Decode(encoded);
            first.VerifyFirstContact(userId, work.Now);
            var contact = ContactVerification.FirstSeen(new AccountIdentity(userId, first.AccountKey), work.Now);
            known = new UserRecord(contact, standing, first, work.Now);
            work.SetUser(known);
            return known;
        }

        try
        {
            return await ApplyAsync(work, known, DeviceList.Decode(encoded)).ConfigureAwait(false);
        }
        catch (E2EException exception)
        {
            // One of a clock that is ahead of this one is asked for again until the clocks agree.
            return Suspicious(work, Fetched(known, work.Now) with { IsRefreshWanted = exception.Reason == E2EError.Expired });
        }
    }

    /// <summary>Tells the app once for each list that the relay seems to keep a newer one back.</summary>
    public static UserRecord Suspicious(Work work, UserRecord user)
    {
        if (user.SuspiciousNumber == user.List.Number)
        {
            work.SetUser(user);
            return user;
        }

        user = user with { SuspiciousNumber = user.List.Number };
        work.SetUser(user);
        work.AddEvent(new DeviceListSuspicious(user.UserId));
        return user;
    }

    /// <summary>A relay that refuses (a rate, a token that has ended) says nothing about the list of a user who is not known: it is asked again
    /// later, and nobody is taken for unknown meanwhile.</summary>
    private async Task<byte[]?> AskAsync(string userId, CancellationToken cancellationToken)
    {
        try
        {
            return await core.Relay.GetDeviceListAsync(userId, cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (exception.Reason is not (E2EError.RelayUnavailable or E2EError.UnknownDevice))
        {
            if (await core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(userId), cancellationToken).ConfigureAwait(false) is not null)
            {
                throw;
            }

            throw new E2EException(E2EError.RelayUnavailable, "The relay gives no device list now.", exception);
        }
    }

    private static UserRecord Fetched(UserRecord user, DateTimeOffset now) =>
        user with { FetchedAt = now, IsRefreshWanted = false };

    private async ValueTask<UserRecord> ApplyAsync(Work work, UserRecord known, DeviceList list)
    {
        bool isOwn = known.UserId == core.Address.UserId;
        bool isSameAccount = list.AccountKey == known.Contact.Account.AccountKey;
        if (isSameAccount)
        {
            list.Verify(known.UserId, list.AccountKey, work.Now);
            list.CheckNotOlderThan(known.List.Number, known.List.Hash);
        }
        else
        {
            list.VerifyFirstContact(known.UserId, work.Now);
        }

        if (isOwn && !isSameAccount)
        {
            // One's own account is the one that this device was made for: it does not follow the relay to another.
            return Suspicious(work, Fetched(known, work.Now));
        }

        UserRecord user = Fetched(known, work.Now) with { List = list };
        if (!isSameAccount)
        {
            bool wasVerified = known.Contact.State == VerificationState.Verified;
            ContactVerification contact = known.Contact.Observe(list.AccountKey, work.Now);
            user = user with { Contact = contact, SuspiciousNumber = 0 };
            work.AddEvent(new AccountKeyChanged(
                user.UserId, list.AccountKey, wasVerified, contact.IsSendingStopped(core.Options.KeyChangePolicy)));
        }

        await CompareAsync(work, known.List, list, isOwn).ConfigureAwait(false);
        work.SetUser(user);
        return list.IsStale(work.Now) ? Suspicious(work, user) : user;
    }

    private async ValueTask CompareAsync(Work work, DeviceList before, DeviceList after, bool isOwn)
    {
        string[] removed = [.. before.Devices.Where(device => !IsOn(after, device)).Select(device => device.Address.DeviceId)];
        string[] added = [.. after.Devices.Where(device => !IsOn(before, device)).Select(device => device.Address.DeviceId)];
        foreach (string deviceId in removed)
        {
            var device = new DeviceAddress(before.UserId, deviceId);
            PeerRecord peer = await work.PeerAsync(device).ConfigureAwait(false);
            work.DropSessions(device, peer.Book.Clear());
            work.Delete(RecordKey.Repairs, RecordKey.Of(device));
        }

        if (removed.Length + added.Length > 0)
        {
            work.AddEvent(new DeviceListChanged(after.UserId, added, removed));
        }

        if (isOwn && removed.Contains(core.Address.DeviceId, StringComparer.Ordinal))
        {
            work.AddEvent(new DeviceRemoved());
        }
    }

    private static bool IsOn(DeviceList list, DeviceCertificate device) =>
        list.Find(device.Address.DeviceId) is { } listed && listed.IsSameDevice(device);
}
