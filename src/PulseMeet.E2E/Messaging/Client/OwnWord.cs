using System.Collections.Concurrent;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>What a user's devices tell each other about contacts, so that a request is answered on one of them and not on each.</summary>
/// <remarks>docs/protocol-messaging.md, "Contacts". Only a device on the own list is heard, in the account's conversation with itself. It is
/// kept first, and followed under the contact's turn afterwards, so that a death in between loses nothing.</remarks>
internal sealed class OwnWord(ClientCore core, DeviceLists lists, Conversations conversations, Contacts contacts)
{
    private const int Page = 100;

    private static readonly byte[] s_tell = RecordKey.Of("tell ");
    private static readonly TimeSpan s_pause = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan s_longestPause = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, (DateTimeOffset At, TimeSpan Pause)> _asked = new(StringComparer.Ordinal);

    /// <summary>Keeps what another device of one's own said of a contact, or showed by writing to him. For whoever has the own user's
    /// turn.</summary>
    public static async Task KeepAsync(Work work, ContactStanding said)
    {
        byte[] key = RecordKey.Of(said.UserId);
        byte[]? kept = await work.ReadAsync(RecordKey.Standings, key).ConfigureAwait(false);
        if (kept is null || said.GoesBefore(ContactStanding.Decode(kept)))
        {
            work.Put(RecordKey.Standings, key, said.Encode());
        }
    }

    /// <summary>Notes that devices which a list has newly are to be told how the contacts stand. For whoever has the own user's turn.</summary>
    public static async Task WantTellingAsync(Work work, string ownId, DeviceList list)
    {
        UserRecord? own = await work.UserAsync(ownId).ConfigureAwait(false);
        foreach (DeviceCertificate device in list.Devices.Where(device => own?.List.Find(device.Address.DeviceId) is null))
        {
            work.Put(RecordKey.Device, [.. s_tell, .. RecordKey.Of(device.Address.DeviceId)], []);
        }
    }

    /// <summary>Tells devices that were let in how all contacts stand, once they have published keys: a contact's message would be a stranger's
    /// request to them until then.</summary>
    private async Task TellNewDevicesAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<OpenedRecord> wanted =
            await core.Store.ScanAsync(RecordKey.Device, default, s_tell, Page, cancellationToken).ConfigureAwait(false);
        foreach (OpenedRecord record in wanted)
        {
            string deviceId = StrictUtf8.Decode(record.Key.Span[s_tell.Length..]);
            bool? isReady = await IsReadyAsync(deviceId, cancellationToken).ConfigureAwait(false)
                ?? (await TryBeginAsync(deviceId, cancellationToken).ConfigureAwait(false) ? true : null);
            if (isReady is null)
            {
                continue;
            }

            if (isReady == true)
            {
                await TellAllAsync(cancellationToken).ConfigureAwait(false);
            }

            // Said again after a crash before this: what was said holds, and no longer than before.
            await core.Store.CommitAsync(new StoreBatch().Delete(RecordKey.Device, record.Key.Span), CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <returns>Null where the device has no session yet; false where it is gone.</returns>
    private Task<bool?> IsReadyAsync(string deviceId, CancellationToken cancellationToken) => core.ChangeAsync<bool?>(
        [Gates.User(core.Address.UserId)],
        async work =>
        {
            UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
            return own.List.Find(deviceId) is not { } device ? false : await work.HasSessionAsync(device).ConfigureAwait(false) ? true : null;
        },
        cancellationToken);

    /// <summary>Begins a session with a device of one's own, where the relay has its keys by now.</summary>
    private async Task<bool> TryBeginAsync(string deviceId, CancellationToken cancellationToken)
    {
        string userId = core.Address.UserId;
        if (!MayAsk($"{userId} {deviceId}"))
        {
            return false;
        }

        try
        {
            UserRecord own = await core.ChangeAsync([Gates.SharedUser(userId)], conversations.OwnAsync, cancellationToken).ConfigureAwait(false);
            string[] except = [.. own.List.Devices.Select(device => device.Address.DeviceId).Where(id => id != deviceId)];
            ClaimedBundles claimed = await core.Relay.ClaimBundlesAsync(userId, except, cancellationToken).ConfigureAwait(false);
            return claimed.Bundles.TryGetValue(deviceId, out ReadOnlyMemory<byte> bundle)
                && await core.ChangeAsync(
                    [Gates.User(userId)], work => BeginAsync(work, claimed, deviceId, bundle), cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (!IsOfTheStore(exception))
        {
            // Later: it is told nothing wrong meanwhile.
            return false;
        }
    }

    private async Task<bool> BeginAsync(Work work, ClaimedBundles claimed, string deviceId, ReadOnlyMemory<byte> bundle)
    {
        UserRecord? own = await lists.ApplyAsync(work, core.Address.UserId, claimed.DeviceList.ToArray(), Standing.Accepted).ConfigureAwait(false);
        if (own?.List.Find(deviceId) is not { } device)
        {
            return false;
        }

        if (!await work.HasSessionAsync(device).ConfigureAwait(false))
        {
            await work.BeginAsync(own, PreKeyBundle.Decode(bundle.Span)).ConfigureAwait(false);
        }

        return true;
    }

    private async Task TellAllAsync(CancellationToken cancellationToken)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(
            RecordKey.Users, after, default, ContactStandingContent.MaxContacts, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            after = page[^1].Key.ToArray();
            ContactStanding[] contacts = [.. page
                .Select(record => UserRecord.Decode(record.Value))
                .Where(user => user.Standing != Standing.Unanswered && user.UserId != core.Address.UserId)
                .Select(ContactStanding.Of)];
            if (contacts.Length > 0)
            {
                await core.ChangeAsync(
                    [Gates.User(core.Address.UserId)],
                    work => conversations.TellOwnDevicesAsync(work, new ContactStandingContent(contacts)),
                    cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Does what was kept.</summary>
    /// <remarks>A contact whose list the relay does not give is left for later, and holds up nobody.</remarks>
    /// <exception cref="E2EException">The store fails.</exception>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        await TellNewDevicesAsync(cancellationToken).ConfigureAwait(false);
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.Standings, after, default, Page, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord record in page)
            {
                string userId = StrictUtf8.Decode(record.Key.Span);
                if (await IsKnownAsync(userId, cancellationToken).ConfigureAwait(false))
                {
                    await FollowAsync(userId, cancellationToken).ConfigureAwait(false);
                }
            }

            after = page[^1].Key.ToArray();
        }
    }

    private Task FollowAsync(string userId, CancellationToken cancellationToken) => core.ChangeAsync(
        conversations.Turns(userId).Append(Gates.PreKeys),
        async work =>
        {
            byte[] key = RecordKey.Of(userId);
            if (await work.ReadAsync(RecordKey.Standings, key).ConfigureAwait(false) is { } kept
                && await work.UserAsync(userId).ConfigureAwait(false) is { } user)
            {
                work.Delete(RecordKey.Standings, key);
                await FollowAsync(work, user, ContactStanding.Decode(kept)).ConfigureAwait(false);
            }
        },
        cancellationToken);

    private Task FollowAsync(Work work, UserRecord user, ContactStanding said)
    {
        // A clock that is far ahead, or once was, does not have the last word for ever.
        DateTimeOffset at = IsAhead(said.At, work) ? work.Now : said.At;
        DateTimeOffset held = IsAhead(user.StandingAt, work) ? DateTimeOffset.UnixEpoch : user.StandingAt;
        bool isLater = at > held || (at == held && (user.Standing == Standing.Unanswered || said.Standing == Standing.Blocked));
        bool isFollowed = said.IsShown
            ? user.Standing == Standing.Unanswered
            : isLater && PublicBytes.Equal(user.Contact.Account.AccountKey.Span, said.AccountKey);
        if (!isFollowed && user is { Standing: Standing.Unanswered, IsRequestTold: false })
        {
            // Known there under another account key: nobody but the app says whether this one is the contact.
            work.SetUser(user with { IsRequestTold = true });
            Requests.Note(core, work, user.UserId);
            work.AddEvent(new MessageRequested(user.UserId));
        }

        return isFollowed ? contacts.StandAsync(work, user, said.Standing, at) : Task.CompletedTask;
    }

    private static bool IsAhead(DateTimeOffset time, Work work) => time - work.Now > IdentityLimits.ClockTolerance;

    /// <summary>Whether the contact is known here, or the relay shows his list now. It is asked once in a while.</summary>
    private async Task<bool> IsKnownAsync(string userId, CancellationToken cancellationToken)
    {
        if (await core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(userId), cancellationToken).ConfigureAwait(false) is not null)
        {
            _asked.TryRemove(userId, out _);
            return true;
        }

        if (!MayAsk(userId))
        {
            return false;
        }

        try
        {
            return await lists.RefreshAsync(userId, Standing.Unanswered, cancellationToken).ConfigureAwait(false) is not null;
        }
        catch (E2EException exception) when (!IsOfTheStore(exception))
        {
            // Not reachable, or a list that is not in order: the word is kept.
            return false;
        }
    }

    /// <summary>Whether the relay may be asked about somebody again: after a minute, then less and less often.</summary>
    private bool MayAsk(string name)
    {
        DateTimeOffset now = core.Time.GetUtcNow();
        TimeSpan pause = s_pause;
        if (_asked.TryGetValue(name, out (DateTimeOffset At, TimeSpan Pause) last) && last.At <= now)
        {
            if (now - last.At < last.Pause)
            {
                return false;
            }

            pause = last.Pause * 2 < s_longestPause ? last.Pause * 2 : s_longestPause;
        }

        _asked[name] = (now, pause);
        return true;
    }

    private static bool IsOfTheStore(E2EException exception) =>
        exception.Reason is E2EError.StoreFailed or E2EError.StoreInUse or E2EError.StoreDamaged or E2EError.StoreConflict;
}
