using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>Saying something inside a session, which is begun where there is none.</content>
internal sealed partial class PulseWords
{
    /// <summary>What waited to be said when the relay could not be reached for it.</summary>
    private byte[] _stuck = [];

    /// <summary>Says what waits to be said, in sessions that are begun where there are none.</summary>
    /// <exception cref="E2EException">The relay could not be reached for one of them. It is asked for no other then; all were told who have a
    /// session, and the next time it is asked for those behind that one first.</exception>
    public async Task SayAsync(CancellationToken cancellationToken)
    {
        byte[] from = _stuck;
        E2EException? unreachable = await SayAsync(from, null, cancellationToken).ConfigureAwait(false);
        unreachable = from.Length == 0 ? unreachable : await SayAsync([], unreachable, cancellationToken).ConfigureAwait(false);
        if (unreachable is not null)
        {
            throw unreachable;
        }
    }

    private async Task<E2EException?> SayAsync(byte[] after, E2EException? unreachable, CancellationToken cancellationToken)
    {
        while (await core.Store.ScanAsync(RecordKey.PulseSays, after, default, 100, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                after = item.Key.ToArray();
                try
                {
                    await SayAsync(after, PulseSayRecord.Decode(item.Value), mayAsk: unreachable is null, cancellationToken).ConfigureAwait(false);
                }
                catch (E2EException exception) when (IsAbout(exception.Reason))
                {
                    // One device: it cannot be told, and the others are.
                    await DropAsync(after, cancellationToken).ConfigureAwait(false);
                }
                catch (E2EException exception) when (exception.Reason == E2EError.RelayUnavailable)
                {
                    unreachable = exception;
                    _stuck = after;
                }
            }
        }

        return unreachable;
    }

    /// <returns>Whether the device is in the chat, so that it is told.</returns>
    private static bool Say(Work work, PulseId id, PulseGroup group, DeviceAddress device, ushort type, byte[] body)
    {
        if (!IsThere(group, device))
        {
            return false;
        }

        var say = new PulseSayRecord(device, group.Roster.Find(device.UserId)!.AccountKey, id, type, body);
        work.Put(RecordKey.PulseSays, say.Key, say.Encode());
        work.WantPump();
        return true;
    }

    private static bool IsThere(PulseGroup group, DeviceAddress device) =>
        group.Roster.Find(device.UserId) is { } account && account.Devices.Any(other => other.Leaf.Address == device);

    private async Task SayAsync(byte[] key, PulseSayRecord say, bool mayAsk, CancellationToken cancellationToken)
    {
        bool isRenewed = _silent.ContainsKey(say.Device);
        if (await TrySayAsync(key, say, null, default, isRenewed, cancellationToken).ConfigureAwait(false) || !mayAsk)
        {
            return;
        }

        try
        {
            if (await TrySayWithKeysAsync(key, say, isRenewed, cancellationToken).ConfigureAwait(false))
            {
                // In a session that was begun for it, or in none of today's any more.
                _silent.TryRemove(say.Device, out _);
                return;
            }
        }
        catch (E2EException exception) when (isRenewed && IsAbout(exception.Reason))
        {
            // Junk of the relay, or of the device: as without keys.
        }

        // Whoever has none for now is told in the session that is there, and in a new one the next time.
        if (!isRenewed || !await TrySayAsync(key, say, null, default, isRenewed: false, cancellationToken).ConfigureAwait(false))
        {
            throw new E2EException(E2EError.UnknownDevice, "The device has no keys.");
        }
    }

    /// <returns>Whether it is said; false where the device has no keys.</returns>
    private async Task<bool> TrySayWithKeysAsync(byte[] key, PulseSayRecord say, bool isRenewed, CancellationToken cancellationToken)
    {
        UserRecord user = await lists.RefreshAsync(say.Device.UserId, Standing.Unanswered, cancellationToken).ConfigureAwait(false)
            ?? throw new E2EException(E2EError.UnknownDevice);
        string[] except = [.. user.List.Devices.Select(device => device.Address.DeviceId).Where(id => id != say.Device.DeviceId)];
        ClaimedBundles claimed = await core.Relay.ClaimBundlesAsync(say.Device.UserId, except, cancellationToken).ConfigureAwait(false);
        return claimed.Bundles.TryGetValue(say.Device.DeviceId, out ReadOnlyMemory<byte> bundle)
            && await TrySayAsync(key, say, claimed, bundle, isRenewed, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says something in the session that is there, or in one that is begun for it.</summary>
    /// <param name="key">What waits to be said.</param>
    /// <param name="say">What it says.</param>
    /// <param name="claimed">Keys for a new session; null where one that is there has to do.</param>
    /// <param name="bundle">The device's keys among them.</param>
    /// <param name="isRenewed">Whether a new session is begun also where one is there.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Whether it is said, or not to be said; false where there is no session.</returns>
    private Task<bool> TrySayAsync(
        byte[] key, PulseSayRecord say, ClaimedBundles? claimed, ReadOnlyMemory<byte> bundle, bool isRenewed, CancellationToken cancellationToken) => core.ChangeAsync(
        conversations.Turns(say.Device.UserId),
        async work =>
        {
            UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
            UserRecord? user = claimed is null
                ? await work.UserAsync(say.Device.UserId).ConfigureAwait(false)
                : await lists.ApplyAsync(work, say.Device.UserId, claimed.DeviceList.ToArray(), Standing.Unanswered).ConfigureAwait(false);
            if (user is null)
            {
                return false;
            }

            if (user.Standing == Standing.Blocked
                || user.Contact.IsChangePending
                || !PublicBytes.Equal(user.Contact.Account.AccountKey.Span, say.AccountKey))
            {
                work.Delete(RecordKey.PulseSays, key);
                return true;
            }

            if (!work.IsRoomFor(say.Device, isMessage: false))
            {
                // Its mailbox is full: keys are not asked for in vain.
                work.Delete(RecordKey.PulseSays, key);
                return true;
            }

            if (user.List.Find(say.Device.DeviceId) is not { } device || (isRenewed && claimed is null))
            {
                return false;
            }

            bool isToBegin = isRenewed && (await work.PeerAsync(device).ConfigureAwait(false)).TryRepair(work.Now);
            if (claimed is not null && (isToBegin || !await work.HasSessionAsync(device).ConfigureAwait(false)))
            {
                await work.BeginAsync(user, PreKeyBundle.Decode(bundle.Span)).ConfigureAwait(false);
            }

            Draft draft = conversations.Control(ConversationName.Pulse(say.Pulse.ToArray()), say.Type, say.Body);
            if (await work.TrySealAsync(own, user, device, draft).ConfigureAwait(false) is null)
            {
                return false;
            }

            work.Delete(RecordKey.PulseSays, key);
            return true;
        },
        cancellationToken);

    private Task DropAsync(byte[] key, CancellationToken cancellationToken) => core.ChangeAsync(
        [],
        work =>
        {
            work.Delete(RecordKey.PulseSays, key);
            return Task.CompletedTask;
        },
        cancellationToken);

    private static bool IsAbout(E2EError reason) => reason is not (E2EError.RelayUnavailable or E2EError.StoreFailed
        or E2EError.StoreInUse or E2EError.StoreDamaged or E2EError.StoreConflict);
}
