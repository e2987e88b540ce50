using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>What is sealed before it can leave, and the sessions that are begun for that.</content>
internal sealed partial class Outbox
{
    /// <summary>How often a list that changes under our hands is followed in one round.</summary>
    private const int MaxAttempts = 3;

    /// <summary>Begins sessions and seals; delivers nothing.</summary>
    public async Task<bool> PrepareAsync(CancellationToken cancellationToken)
    {
        bool isDone = await RepairAsync(cancellationToken).ConfigureAwait(false);
        byte[] after = [];
        while (true)
        {
            IReadOnlyList<OpenedRecord> waiting =
                await core.Store.ScanAsync(RecordKey.Pending, after, default, Page, cancellationToken).ConfigureAwait(false);
            if (waiting.Count == 0)
            {
                await TellBehindAsync(cancellationToken).ConfigureAwait(false);
                return isDone;
            }

            after = waiting[^1].Key.ToArray();
            foreach (IGrouping<string, OpenedRecord> peer in waiting.GroupBy(item => RecordKey.ToUser(item.Key.Span)))
            {
                try
                {
                    isDone &= await PrepareAsync(peer.Key, [.. peer.Select(item => item.Value)], cancellationToken).ConfigureAwait(false);
                }
                catch (E2EException exception) when (IsAbout(exception))
                {
                    isDone = false;
                }
            }
        }
    }

    private async Task<bool> PrepareAsync(string peerId, List<byte[]> keys, CancellationToken cancellationToken)
    {
        string ownId = core.Address.UserId;
        string[] users = peerId == ownId ? [ownId] : [peerId, ownId];
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var claims = new Dictionary<string, Claim>(StringComparer.Ordinal);
            foreach (string userId in users)
            {
                if (await ClaimAsync(userId, cancellationToken).ConfigureAwait(false) is { } claimed)
                {
                    claims.Add(userId, claimed);
                }
            }

            bool? isSealed = await core.ChangeAsync(
                conversations.Turns(peerId),
                async work =>
                {
                    bool isComplete = true;
                    foreach ((string userId, Claim claimed) in claims)
                    {
                        isComplete &= await BeginSessionsAsync(work, userId, claimed).ConfigureAwait(false);
                    }

                    return isComplete ? await conversations.SealWaitingAsync(work, keys).ConfigureAwait(false) : (bool?)null;
                },
                cancellationToken).ConfigureAwait(false);
            if (isSealed is { } done)
            {
                return done;
            }

            // The list has changed between two calls of the relay: once more.
        }

        return false;
    }

    /// <summary>Asks for what is missing to write to all devices of a user; null where nothing is.</summary>
    private async Task<Claim?> ClaimAsync(string userId, CancellationToken cancellationToken)
    {
        bool isFresh = false;
        bool isMissing = false;
        List<string> except = [];
        Task LookAsync() => core.ChangeAsync(
            [Gates.User(userId)],
            async work =>
            {
                UserRecord? user = await work.UserAsync(userId).ConfigureAwait(false);
                isFresh = user is not null && conversations.IsFresh(user, work.Now);
                isMissing = false;
                except.Clear();
                foreach (DeviceCertificate device in user?.List.Devices ?? [])
                {
                    if (device.Address == core.Address || await work.HasSessionAsync(device).ConfigureAwait(false))
                    {
                        except.Add(device.Address.DeviceId);
                    }
                    else
                    {
                        isMissing = true;
                    }
                }
            },
            cancellationToken);

        await LookAsync().ConfigureAwait(false);
        if (!isFresh)
        {
            await lists.RefreshAsync(userId, Standing.Accepted, cancellationToken).ConfigureAwait(false);
            await LookAsync().ConfigureAwait(false);
        }

        return isMissing
            ? new Claim(await core.Relay.ClaimBundlesAsync(userId, except, cancellationToken).ConfigureAwait(false), except)
            : null;
    }

    /// <summary>Begins the sessions that are missing and for which there are keys.</summary>
    /// <returns>Whether every device without a session was asked for.</returns>
    private async Task<bool> BeginSessionsAsync(Work work, string userId, Claim claim)
    {
        ClaimedBundles claimed = claim.Bundles;
        bool isComplete = true;
        UserRecord? user = await lists.ApplyAsync(work, userId, claimed.DeviceList.ToArray(), Standing.Accepted).ConfigureAwait(false);
        foreach (DeviceCertificate device in user?.List.Devices ?? [])
        {
            if (device.Address == core.Address || await work.HasSessionAsync(device).ConfigureAwait(false))
            {
                continue;
            }

            E2EError reason = E2EError.UnknownDevice;
            if (claimed.Bundles.TryGetValue(device.Address.DeviceId, out ReadOnlyMemory<byte> bundle))
            {
                try
                {
                    await work.BeginAsync(user!, PreKeyBundle.Decode(bundle.Span)).ConfigureAwait(false);
                    continue;
                }
                catch (E2EException exception) when (exception.Reason is not (E2EError.StoreFailed or E2EError.StoreInUse or E2EError.StoreDamaged))
                {
                    reason = exception.Reason;
                }
            }

            if (claim.Except.Contains(device.Address.DeviceId))
            {
                isComplete = false;
                continue;
            }

            PeerRecord peer = await work.PeerAsync(device).ConfigureAwait(false);
            if (!peer.IsUnreachable)
            {
                peer.IsUnreachable = true;
                work.AddEvent(new DeviceUnreachable(device.Address, reason));
            }
        }

        return isComplete;
    }

    /// <param name="Bundles">What the relay gave.</param>
    /// <param name="Except">Which devices it was not asked for.</param>
    private sealed record Claim(ClaimedBundles Bundles, IReadOnlyCollection<string> Except);
}
