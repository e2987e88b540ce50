using System.Security.Cryptography;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>How this device comes into pulse chats: by a Welcome, and back by itself.</summary>
/// <remarks>A Welcome waits in the store until the snapshot that it needs is there. A join by itself is stored before it is offered. Nobody
/// is taken for somebody whose account key is another one than the one that is remembered.</remarks>
internal sealed class PulseJoining(ClientCore core, DeviceLists lists, PulseKeys keys, PulseMessages messages)
{
    /// <summary>Takes the Welcomes that wait.</summary>
    /// <returns>Whether all of them are dealt with.</returns>
    public async Task<bool> TakeWelcomesAsync(CancellationToken cancellationToken)
    {
        bool isDone = true;
        IReadOnlyList<OpenedRecord> waiting =
            await core.Store.ScanAsync(RecordKey.Welcomes, default, default, WelcomeRecord.Max, cancellationToken).ConfigureAwait(false);

        // The newest first: where a commit lost and was made anew, those before it lead nowhere.
        foreach (OpenedRecord item in waiting.Reverse())
        {
            isDone &= await TakeAsync(item.Key.ToArray(), WelcomeRecord.Decode(item.Value), cancellationToken).ConfigureAwait(false);
        }

        return isDone;
    }

    /// <summary>Deletes the key package of a chat in which this device is for certain.</summary>
    public Task UseUpAsync(PulseId id, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.KeyPackages, Gates.Pulse(id)],
        async work =>
        {
            if (await work.PulseAsync(id).ConfigureAwait(false) is { Record: { IsProvisional: false, Package.Length: > 0 } record })
            {
                await keys.UseUpAsync(work, record.Package).ConfigureAwait(false);
                record.Package = [];
            }
        },
        cancellationToken);

    /// <summary>Comes back into a chat by itself. For whoever has the chat's round.</summary>
    /// <returns>Whether it is in again, or cannot come.</returns>
    /// <exception cref="E2EException">The relay cannot be reached.</exception>
    public async Task<bool> RejoinAsync(PulseId id, CancellationToken cancellationToken)
    {
        byte[] groupId = id.ToArray();
        if (await core.Store.ReadAsync(RecordKey.PulseJoins, groupId, cancellationToken).ConfigureAwait(false) is null)
        {
            if (await core.Relay.GetGroupInfoAsync(groupId, cancellationToken).ConfigureAwait(false) is not { } package)
            {
                return await StallAsync(id, E2EError.GroupJoinRefused, cancellationToken).ConfigureAwait(false);
            }

            try
            {
                (byte[] hash, byte[] info) = PulsePackage.ReadWithSnapshot(package);
                if (await FetchAsync(hash, cancellationToken).ConfigureAwait(false) is not { } snapshot)
                {
                    return false;
                }

                if (!await MakeAsync(id, info, snapshot, cancellationToken).ConfigureAwait(false))
                {
                    return false;
                }
            }
            catch (E2EException exception) when (IsOfTheInput(exception.Reason))
            {
                return await StallAsync(id, exception.Reason, cancellationToken).ConfigureAwait(false);
            }
        }

        return await OfferAsync(id, cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> TakeAsync(byte[] key, WelcomeRecord record, CancellationToken cancellationToken)
    {
        try
        {
            (byte[] hash, byte[] message) = PulsePackage.ReadWithSnapshot(record.Content);
            Welcome welcome = MlsMessage.Decode<Welcome>(message);
            if (await IsKnownAsync(record, welcome, cancellationToken).ConfigureAwait(false))
            {
                await DropAsync(key, null, cancellationToken).ConfigureAwait(false);
                return true;
            }

            if (await FetchAsync(hash, cancellationToken).ConfigureAwait(false) is not { } snapshot)
            {
                if (core.Time.GetUtcNow() - record.ArrivedAt < WelcomeRecord.MaxAge)
                {
                    return false;
                }

                throw new E2EException(E2EError.MlsInvalidWelcome, "What belongs to the Welcome is not at the relay.");
            }

            await RefreshAsync(snapshot, cancellationToken).ConfigureAwait(false);
            await core.ChangeAsync(
                [Gates.KeyPackages, Gates.Pulse(record.Pulse)],
                work => JoinAsync(work, key, record, welcome, message, snapshot),
                cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (IsOfTheInput(exception.Reason))
        {
            await DropAsync(key, new PulseMessageUnreadable(record.Pulse, record.Sender, exception.Reason), cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Whether it is a Welcome that was taken before, or to a chat in which this device is for certain: of a commit that lost.</summary>
    private Task<bool> IsKnownAsync(WelcomeRecord record, Welcome welcome, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.KeyPackages, Gates.Pulse(record.Pulse)],
        async work =>
        {
            OpenPulse? pulse = await work.PulseAsync(record.Pulse).ConfigureAwait(false);
            if (pulse is not null && (PublicBytes.Equal(pulse.Record.Welcome, Sha256.Hash(record.Content)) || IsPresent(pulse.Record)))
            {
                return true;
            }

            if (await PulseKeys.FindAsync(work, welcome).ConfigureAwait(false) is not { } found)
            {
                throw new E2EException(E2EError.MlsNotForThisClient);
            }

            found.Keys.Dispose();
            return false;
        },
        cancellationToken);

    private async Task JoinAsync(Work work, byte[] key, WelcomeRecord record, Welcome welcome, byte[] message, byte[] snapshot)
    {
        if (await PulseKeys.FindAsync(work, welcome).ConfigureAwait(false) is not { } found)
        {
            throw new E2EException(E2EError.MlsNotForThisClient);
        }

        using KeyPackageKeys own = found.Keys;
        GroupDevice device = await work.GroupDeviceAsync().ConfigureAwait(false);
        HashSet<string> present = await PresentAsync().ConfigureAwait(false);
        Dictionary<string, byte[]> pinned = await PinnedAsync(work, snapshot).ConfigureAwait(false);
        var group = PulseGroup.Join(
            message,
            own,
            device,
            snapshot,
            groupId => present.Contains(Convert.ToHexStringLower(groupId.Span)),
            user => pinned.GetValueOrDefault(user),
            core.Time,
            out DeviceAddress inviter);
        try
        {
            if (PulseId.Find(group.Id) != record.Pulse)
            {
                throw new E2EException(E2EError.MlsWrongGroup, "The Welcome is to another group than the relay says.");
            }

            work.Delete(RecordKey.Welcomes, key);
            if ((await work.UserAsync(inviter.UserId).ConfigureAwait(false))?.Standing == Standing.Blocked)
            {
                group.Dispose();
                return;
            }
        }
        catch
        {
            group.Dispose();
            throw;
        }

        OpenPulse? before = await work.PulseAsync(record.Pulse).ConfigureAwait(false);
        bool isHeld = before is { Record.IsOpen: true, Group.IsRemoved: false };
        ulong floor = before is null ? 0 : Math.Max(before.Record.FirstEpoch, before.Record.LastEpoch);
        if (before is not null && group.Epoch <= Math.Max(floor, isHeld ? before.Group!.Epoch : 0))
        {
            // Of a commit that lost before the one by which this device came in was made; or shown again after it was out.
            group.Dispose();
            return;
        }

        if (isHeld && !IsContinued(before!.Group!, group, inviter))
        {
            group.Dispose();
            work.AddEvent(new PulseMessageUnreadable(record.Pulse, inviter, E2EError.GroupJoinRefused));
            return;
        }

        var entry = new PulseRecord
        {
            IsProvisional = true,
            IsByWelcome = true,
            Package = found.Package,
            IsRegistered = true,
            IsCatchUpWanted = true,
            FirstEpoch = group.Epoch,
            StatedAt = work.Now,
            Welcome = Sha256.Hash(record.Content),
        };

        // Whoever added this device knows whether that was taken.
        entry.ToTell.Add(inviter);
        core.AreKeyPackagesWanted = true;
        OpenPulse pulse = work.AddPulse(record.Pulse, entry, group);
        ulong said = await work.HighestAsync(pulse.Conversation).ConfigureAwait(false);
        // What was said on a line that lost is said again where it is the same chat that goes on; else it was for others.
        bool isAnew = isHeld && before!.Record is { IsProvisional: true, IsByWelcome: true };
        entry.SaidBefore = isAnew ? before!.Record.SaidBefore : said;
        foreach ((_, PulseLeaf leaf) in group.Roster.Devices.Where(_ => entry.SaidBefore > 0))
        {
            // What this device said when it was in before is for nobody who may have come since.
            entry.Baselines[leaf.Address] = entry.SaidBefore;
        }

        if (isAnew)
        {
            await messages.SayAnewAsync(work, pulse).ConfigureAwait(false);
        }
        else
        {
            await ForgetStreamsAsync(work, record.Pulse).ConfigureAwait(false);
            work.AddEvent(new PulseJoined(record.Pulse, inviter, group.Data.Name));
        }

        await messages.OpenWaitingAsync(work, pulse).ConfigureAwait(false);
        work.WantPump();
    }

    /// <summary>Whether a group takes the place of one that this device holds: it is invited by an account that is in that one, and accounts in
    /// both are the same. A stranger's group under the same id is not.</summary>
    private static bool IsContinued(PulseGroup old, PulseGroup next, DeviceAddress inviter) =>
        next.Roster.HasSame(inviter.UserId, old.Roster)
        && next.Roster.Accounts.All(account => old.Roster.Find(account.UserId) is null || next.Roster.HasSame(account.UserId, old.Roster));

    /// <summary>What was missing before this device came in again is not missing.</summary>
    private async Task ForgetStreamsAsync(Work work, PulseId id)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.PulseStreams, after, id.ToArray(), 200).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                after = item.Key.ToArray();
                work.Delete(RecordKey.PulseStreams, after);
                work.Delete(RecordKey.PulseGaps, after);
                work.Delete(RecordKey.IncomingStreams, after[PulseId.Size..]);
            }
        }
    }

    private Task DropAsync(byte[] key, E2EEvent? told, CancellationToken cancellationToken) => core.ChangeAsync(
        [],
        work =>
        {
            work.Delete(RecordKey.Welcomes, key);
            if (told is not null)
            {
                work.AddEvent(told);
            }

            return Task.CompletedTask;
        },
        cancellationToken);

    /// <summary>The ids of the groups that this device is in, in hexadecimal digits.</summary>
    private async Task<HashSet<string>> PresentAsync()
    {
        var present = new HashSet<string>(StringComparer.Ordinal);
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.Pulses, after, default, 200).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                after = item.Key.ToArray();
                if (IsPresent(PulseRecord.Decode(item.Value)))
                {
                    present.Add(RecordKey.ToPulse(after).ToString());
                }
            }
        }

        return present;
    }

    /// <summary>Whether this device is in a chat for certain, so that no Welcome leads it elsewhere.</summary>
    private static bool IsPresent(PulseRecord record) =>
        record is { IsOpen: true, IsStalled: false, IsRejoinWanted: false, IsProvisional: false };

    /// <summary>A snapshot by its hash; null where the relay has not what it should have.</summary>
    private async Task<byte[]?> FetchAsync(byte[] hash, CancellationToken cancellationToken)
    {
        byte[]? snapshot = await core.Relay.GetTreeAsync(hash, cancellationToken).ConfigureAwait(false);
        return snapshot is not null && PublicBytes.Equal(Sha256.Hash(snapshot), hash) ? snapshot : null;
    }

    /// <summary>Asks for the lists of those who are there under another account key than the one that is remembered: a key that changed
    /// is told before anybody is taken for somebody.</summary>
    private async Task RefreshAsync(byte[] snapshot, CancellationToken cancellationToken)
    {
        foreach (KnownList list in GroupSnapshot.Decode(snapshot).Lists.Lists)
        {
            OpenedRecord? bytes = await core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(list.UserId), cancellationToken).ConfigureAwait(false);
            if (bytes is not null && !list.IsSameAccount(core.Users.Decode(list.UserId, bytes.Value).Contact.Account.AccountKey.Span))
            {
                await lists.RefreshAsync(list.UserId, Standing.Unanswered, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task<Dictionary<string, byte[]>> PinnedAsync(Work work, byte[] snapshot)
    {
        var pinned = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (KnownList list in GroupSnapshot.Decode(snapshot).Lists.Lists)
        {
            if (await work.UserAsync(list.UserId).ConfigureAwait(false) is { } user)
            {
                pinned.Add(list.UserId, user.Contact.Account.AccountKey.ToArray());
            }
        }

        return pinned;
    }

    private async Task<bool> MakeAsync(PulseId id, byte[] info, byte[] snapshot, CancellationToken cancellationToken)
    {
        await RefreshAsync(snapshot, cancellationToken).ConfigureAwait(false);
        return await core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                if (await work.PulseAsync(id).ConfigureAwait(false) is not { } pulse || !pulse.Record.TryRejoin(work.Now))
                {
                    return false;
                }

                using GroupDevice device = DeviceIn(snapshot);
                Dictionary<string, byte[]> pinned = await PinnedAsync(work, snapshot).ConfigureAwait(false);
                using ExternalJoin join = ExternalJoin.Create(
                    info, snapshot, device, _ => false, user => pinned.GetValueOrDefault(user), core.Time, pulse.Group);
                byte[] state = join.Serialize();
                byte[] stored = new PulseJoinRecord(PulseMessages.NewId(), state).Encode();
                work.Put(RecordKey.PulseJoins, id.ToArray(), stored);
                CryptographicOperations.ZeroMemory(state);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>This device by the list that the group knows of its account: a newer one only a member can bring.</summary>
    private GroupDevice DeviceIn(byte[] snapshot) => GroupSnapshot.Decode(snapshot).Lists.Find(core.Address.UserId) is { } known
        ? new GroupDevice(core.Identity, known.List)
        : throw new E2EException(E2EError.GroupJoinRefused, "The account is not in the group.");

    private async Task<bool> OfferAsync(PulseId id, CancellationToken cancellationToken)
    {
        byte[] groupId = id.ToArray();
        byte[]? stored = (await core.Store.ReadAsync(RecordKey.PulseJoins, groupId, cancellationToken).ConfigureAwait(false))?.Value;
        if (stored is null)
        {
            return false;
        }

        PulseJoinRecord record = PulseJoinRecord.Decode(stored);
        using var join = ExternalJoin.Deserialize(record.State);
        CryptographicOperations.ZeroMemory(stored);
        PreparedCommit commit = join.Commit;
        byte[] hash = Sha256.Hash(commit.Snapshot);
        try
        {
            await core.Relay.OfferCommitAsync(
                new GroupCommit(
                    groupId,
                    commit.Epoch,
                    record.Offer.ToArray(),
                    commit.Commit,
                    [],
                    // Its old leaf goes, and the device stays on the relay's list.
                    [],
                    PulsePackage.WithSnapshot(hash, commit.GroupInfo),
                    commit.Snapshot),
                cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (exception.Reason is E2EError.NotAllowed or E2EError.LimitExceeded)
        {
            // Another one, of what the relay has then, is made the next time.
            await core.ChangeAsync(
                [Gates.Pulse(id)],
                work =>
                {
                    work.Delete(RecordKey.PulseJoins, groupId);
                    return Task.CompletedTask;
                },
                cancellationToken).ConfigureAwait(false);
            return false;
        }

        await core.ChangeAsync([Gates.Pulse(id)], work => BeginAsync(work, id, join), cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task BeginAsync(Work work, PulseId id, ExternalJoin join)
    {
        if (await work.PulseAsync(id).ConfigureAwait(false) is not { } pulse)
        {
            return;
        }

        GroupDevice device = await work.GroupDeviceAsync().ConfigureAwait(false);
        PulseRecord record = pulse.Record;
        if (pulse.Group is { IsRemoved: false } old && !old.IsDuty && (old.HasPrepared || old.Unfinished is not null))
        {
            work.AddEvent(new PulseChangeDropped(id, E2EError.MlsWrongEpoch));
        }

        if (record.IsProvisional)
        {
            await messages.SayAnewAsync(work, pulse).ConfigureAwait(false);
        }
        else
        {
            record.SaidBefore = await work.HighestAsync(pulse.Conversation).ConfigureAwait(false);
        }

        HashSet<DeviceAddress> known = [.. pulse.Group is { IsRemoved: false } held ? held.Roster.Devices.Select(entry => entry.Leaf.Address) : []];
        pulse.Replace(join.Begin(device, core.Time));
        ulong said = await work.HighestAsync(pulse.Conversation).ConfigureAwait(false);
        foreach ((_, PulseLeaf leaf) in pulse.Group!.Roster.Devices)
        {
            // Whoever came while this device was away gets nothing of before.
            if (!known.Contains(leaf.Address))
            {
                record.Baselines[leaf.Address] = said;
            }
        }

        record.IsByWelcome = false;
        work.Delete(RecordKey.PulseJoins, id.ToArray());
        work.AddEvent(new PulseRejoined(id, core.Address, record.Cause));
        record.IsRejoinWanted = false;
        record.IsStalled = false;
        record.IsLeaving = false;
        record.IsProvisional = true;
        record.IsAskWanted = true;
        record.IsCatchUpWanted = true;
        record.Cause = null;
        record.FirstEpoch = pulse.Group!.Epoch;
        record.NextPlace = 0;
        record.Offer = default;
        record.ToldFork = 0;
        await messages.OpenWaitingAsync(work, pulse).ConfigureAwait(false);
        work.WantPump();
    }

    private Task<bool> StallAsync(PulseId id, E2EError reason, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            if (await work.PulseAsync(id).ConfigureAwait(false) is { Record.IsStalled: false } pulse)
            {
                // It is tried again every hour, without another word.
                pulse.Record.IsStalled = true;
                work.AddEvent(new PulseStalled(id, reason));
            }

            return true;
        },
        cancellationToken);

    /// <summary>Whether what came is to blame, and not the relay's reach or this device's store.</summary>
    private static bool IsOfTheInput(E2EError reason) => reason is not (E2EError.StoreFailed or E2EError.StoreDamaged
        or E2EError.StoreInUse or E2EError.StoreConflict or E2EError.WrongMasterKey or E2EError.RelayUnavailable or E2EError.UnlistedDevice);
}
