using System.Diagnostics;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>Brings what waits to the relay: begins the sessions that are missing, seals what waits for them, and delivers.</summary>
/// <remarks>One round at a time. No turn is held while the relay is called. What a crash leaves is sent again under the same
/// envelope ids.</remarks>
internal sealed class Outbox(ClientCore core, DeviceLists lists, Conversations conversations) : IDisposable
{
    private const int Page = 100;

    /// <summary>How often a list that changes under our hands is followed in one round.</summary>
    private const int MaxAttempts = 3;

    private readonly QueueWatch _watch = new(core, "outbox", RecordKey.Outbox, RecordKey.Pending);

    public void Dispose() => _watch.Dispose();

    /// <summary>One round over everything that waits.</summary>
    /// <returns>Whether nothing waits any more that could be sent now.</returns>
    /// <exception cref="E2EException">The relay cannot be reached, or refuses for now.</exception>
    public async Task<bool> SendAsync(CancellationToken cancellationToken)
    {
        using IDisposable turn = await core.Gates.EnterAsync([Gates.Outbox], cancellationToken).ConfigureAwait(false);
        await _watch.LookAsync(cancellationToken).ConfigureAwait(false);
        bool isPrepared = await PrepareAsync(cancellationToken).ConfigureAwait(false);
        bool isDelivered = await DeliverAsync(cancellationToken).ConfigureAwait(false);
        await _watch.LookAsync(cancellationToken).ConfigureAwait(false);
        return isDelivered && isPrepared;
    }

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

    /// <summary>What waits to be delivered, the oldest first.</summary>
    public async Task<IReadOnlyList<(byte[] Key, OutboxRecord Record)>> ReadAsync(byte[] after, int max, CancellationToken cancellationToken)
    {
        IReadOnlyList<OpenedRecord> records = await core.Store.ScanAsync(
            RecordKey.Outbox, after, default, max, key => !core.Leftovers.Contains(RecordKey.Outbox, key.Span), cancellationToken).ConfigureAwait(false);
        return [.. records.Select(record => (record.Key.ToArray(), OutboxRecord.Decode(record.Value)))];
    }

    /// <summary>Takes out what the relay has taken, or will never take.</summary>
    public Task TakeOutAsync(
        IReadOnlyList<(byte[] Key, OutboxRecord Record, DeliveryOutcome Outcome)> outcomes, CancellationToken cancellationToken)
    {
        byte[][] taken = [.. outcomes.Where(item => item.Outcome != DeliveryOutcome.MailboxFull).Select(item => item.Key)];
        return taken.Length == 0
            || (outcomes.All(item => item.Outcome != DeliveryOutcome.UnknownDevice) && core.Leftovers.TryAdd(RecordKey.Outbox, taken))
            ? Task.CompletedTask
            : DeleteAsync(outcomes, cancellationToken);
    }

    private Task DeleteAsync(
        IReadOnlyList<(byte[] Key, OutboxRecord Record, DeliveryOutcome Outcome)> outcomes, CancellationToken cancellationToken) =>
        core.ChangeAsync(
            outcomes.Where(item => item.Outcome == DeliveryOutcome.UnknownDevice).Select(item => Gates.User(item.Record.Recipient.UserId)),
            async work =>
            {
                foreach ((byte[] key, OutboxRecord record, DeliveryOutcome outcome) in outcomes)
                {
                    if (outcome is DeliveryOutcome.MailboxFull)
                    {
                        continue;
                    }

                    work.Delete(RecordKey.Outbox, key);
                    if (outcome == DeliveryOutcome.UnknownDevice
                        && await work.UserAsync(record.Recipient.UserId).ConfigureAwait(false) is { } user)
                    {
                        // The relay's list is another one than ours.
                        work.SetUser(user with { IsRefreshWanted = true });
                    }
                }
            },
            cancellationToken);

    private async Task<bool> DeliverAsync(CancellationToken cancellationToken)
    {
        var full = new HashSet<DeviceAddress>();
        byte[] after = [];
        while (true)
        {
            IReadOnlyList<(byte[] Key, OutboxRecord Record)> waiting = await ReadAsync(after, Page, cancellationToken).ConfigureAwait(false);
            List<(byte[] Key, OutboxRecord Record)> batch = [];
            long size = 0;
            foreach ((byte[] key, OutboxRecord record) in waiting)
            {
                size += record.Content.Length;
                if (size > RelayLimits.MaxRequestSize && batch.Count > 0)
                {
                    break;
                }

                after = key;
                if (!full.Contains(record.Recipient))
                {
                    batch.Add((key, record));
                }
            }

            if (waiting.Count == 0)
            {
                return full.Count == 0;
            }

            if (batch.Count == 0)
            {
                continue;
            }

            IReadOnlyList<DeliveryOutcome> outcomes = await core.Relay
                .DeliverAsync([.. batch.Select(item => item.Record.ToEnvelope())], cancellationToken).ConfigureAwait(false);
            List<(byte[], OutboxRecord, DeliveryOutcome)> known = [];
            for (int i = 0; i < Math.Min(batch.Count, outcomes.Count); i++)
            {
                known.Add((batch[i].Key, batch[i].Record, outcomes[i]));
                if (outcomes[i] == DeliveryOutcome.MailboxFull)
                {
                    full.Add(batch[i].Record.Recipient);
                }
            }

            await TakeOutAsync(known, cancellationToken).ConfigureAwait(false);
            if (outcomes.Count < batch.Count)
            {
                return false;
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

    /// <summary>Begins new sessions with devices whose messages did not open, and asks for those again.</summary>
    private async Task<bool> RepairAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<OpenedRecord> wanted =
            await core.Store.ScanAsync(RecordKey.Repairs, default, default, Page, cancellationToken).ConfigureAwait(false);
        bool isDone = true;
        foreach (OpenedRecord item in wanted)
        {
            DeviceAddress device = RecordKey.ToDevice(item.Key.Span);
            if (!await MayRepairAsync(device, cancellationToken).ConfigureAwait(false))
            {
                isDone = false;
                continue;
            }

            using Activity? activity = Telemetry.RepairBegins();
            try
            {
                ClaimedBundles? claimed = RepairRecord.Decode(item.Value).IsNewSession
                    ? await ClaimForAsync(device, cancellationToken).ConfigureAwait(false)
                    : null;
                isDone &= await core.ChangeAsync(
                    conversations.Turns(device.UserId), work => RepairAsync(work, device, claimed), cancellationToken).ConfigureAwait(false);
            }
            catch (E2EException exception) when (IsAbout(exception))
            {
                Telemetry.Failed(activity, exception.Reason);
                isDone = false;
            }
        }

        return isDone;
    }

    private Task<bool> MayRepairAsync(DeviceAddress device, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.User(device.UserId)],
        async work =>
        {
            UserRecord? user = await work.UserAsync(device.UserId).ConfigureAwait(false);
            if (user?.Standing == Standing.Blocked || user?.List.Find(device.DeviceId) is not { } listed)
            {
                work.Delete(RecordKey.Repairs, RecordKey.Of(device));
                return false;
            }

            PeerRecord peer = await work.PeerAsync(listed).ConfigureAwait(false);
            return user.Standing == Standing.Accepted && !user.Contact.IsChangePending && peer.TryRepair(work.Now);
        },
        cancellationToken);

    private async Task<ClaimedBundles?> ClaimForAsync(DeviceAddress device, CancellationToken cancellationToken)
    {
        OpenedRecord? bytes =
            await core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(device.UserId), cancellationToken).ConfigureAwait(false);
        UserRecord? user = bytes is null ? null : core.Users.Decode(device.UserId, bytes.Value);
        string[] except = [.. (user?.List.Devices ?? []).Select(other => other.Address.DeviceId).Where(id => id != device.DeviceId)];
        return await core.Relay.ClaimBundlesAsync(device.UserId, except, cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> RepairAsync(Work work, DeviceAddress device, ClaimedBundles? claimed)
    {
        byte[]? bytes = await work.ReadAsync(RecordKey.Repairs, RecordKey.Of(device)).ConfigureAwait(false);
        UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
        if (bytes is null)
        {
            return true;
        }

        RepairRecord repair = RepairRecord.Decode(bytes);
        UserRecord? user = claimed is null
            ? await work.UserAsync(device.UserId).ConfigureAwait(false)
            : await lists.ApplyAsync(work, device.UserId, claimed.DeviceList.ToArray(), Standing.Accepted).ConfigureAwait(false);
        if (user?.List.Find(device.DeviceId) is not { } listed || user.Contact.IsChangePending)
        {
            work.Delete(RecordKey.Repairs, RecordKey.Of(device));
            return true;
        }

        ConversationName conversation = ConversationName.Direct(core.Address.UserId, device.UserId);
        if (claimed is not null)
        {
            if (!claimed.Bundles.TryGetValue(device.DeviceId, out ReadOnlyMemory<byte> bundle))
            {
                return false;
            }

            try
            {
                await work.BeginAsync(user, PreKeyBundle.Decode(bundle.Span)).ConfigureAwait(false);
            }
            catch (E2EException exception) when (exception.Reason is not (E2EError.StoreFailed or E2EError.StoreInUse or E2EError.StoreDamaged))
            {
                return false;
            }

            work.Repaired++;
            await work.TrySealAsync(own, user, listed, conversations.Control(conversation, ContentType.Repair, default)).ConfigureAwait(false);
            await conversations.RepeatTailsAsync(work, own, user, listed, conversation, default).ConfigureAwait(false);
        }

        if (repair.Envelopes.Count > 0)
        {
            var names = new ResendNames(default, [], repair.Envelopes);
            Draft request = conversations.Control(conversation, ContentType.ResendRequest, names.Encode());
            if (await work.TrySealAsync(own, user, listed, request).ConfigureAwait(false) is null)
            {
                return false;
            }
        }

        work.Delete(RecordKey.Repairs, RecordKey.Of(device));
        return true;
    }

    /// <summary>Whether a failure is about one user, so that the others go on: not one of the relay or the store as a whole.</summary>
    private static bool IsAbout(E2EException exception) => exception.Reason is not (E2EError.RelayUnavailable or E2EError.StoreFailed
        or E2EError.StoreInUse or E2EError.StoreDamaged or E2EError.StoreConflict);

    /// <param name="Bundles">What the relay gave.</param>
    /// <param name="Except">Which devices it was not asked for.</param>
    private sealed record Claim(ClaimedBundles Bundles, IReadOnlyCollection<string> Except);
}
