using System.Collections.Concurrent;
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
    /// <summary>When the relay was last asked in vain for what a Welcome needs, by the Welcome's key in hexadecimal digits.</summary>
    private readonly ConcurrentDictionary<string, DateTimeOffset> _askedAt = new(StringComparer.Ordinal);

    /// <summary>Welcomes to the epoch in which this device is by another one, by their keys in hexadecimal digits.</summary>
    private readonly ConcurrentDictionary<string, bool> _rivals = new(StringComparer.Ordinal);

    /// <summary>Takes the Welcomes that wait.</summary>
    /// <returns>Whether all of them are dealt with.</returns>
    public async Task<bool> TakeWelcomesAsync(CancellationToken cancellationToken)
    {
        bool isDone = true;
        IReadOnlyList<OpenedRecord> waiting =
            await core.Store.ScanAsync(RecordKey.Welcomes, default, default, WelcomeRecord.Max, cancellationToken).ConfigureAwait(false);

        // The newest first: where a commit lost and was made anew, those before it lead nowhere. Of two to one epoch the older one leads on.
        HashSet<PulseId> entered = [];
        foreach (OpenedRecord item in waiting.Reverse())
        {
            isDone &= await TakeAsync(item.Key.ToArray(), WelcomeRecord.Decode(item.Value), entered, cancellationToken).ConfigureAwait(false);
        }

        return isDone;
    }

    /// <summary>Deletes the oldest Welcome that has waited in vain for what it needs.</summary>
    /// <returns>Whether there is one.</returns>
    public async Task<bool> TryMakeRoomAsync(Work work)
    {
        foreach (OpenedRecord item in await core.Store.ScanAsync(RecordKey.Welcomes, default, default, WelcomeRecord.Max).ConfigureAwait(false))
        {
            byte[] key = item.Key.ToArray();
            if (_askedAt.ContainsKey(Convert.ToHexString(key)) && await work.ReadAsync(RecordKey.Welcomes, key).ConfigureAwait(false) is not null)
            {
                _askedAt.TryRemove(Convert.ToHexString(key), out _);
                work.Delete(RecordKey.Welcomes, key);
                return true;
            }
        }

        return false;
    }

    /// <summary>Deletes what waits for groups to which no Welcome leads any more.</summary>
    public async Task DropOldAsync(CancellationToken cancellationToken)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.PulseWaiting, after, default, 1, cancellationToken).ConfigureAwait(false) is [var item])
        {
            PulseId id = RecordKey.ToPulse(item.Key.Span);
            after = RecordKey.Of(id, long.MaxValue);
            await core.ChangeAsync([Gates.Pulse(id)], work => ForgetWaitingAsync(work, id), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Deletes the key package of a chat in which this device is for certain, or out of which it is.</summary>
    public Task UseUpAsync(PulseId id, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.KeyPackages, Gates.Pulse(id)],
        async work =>
        {
            if (await work.PulseAsync(id).ConfigureAwait(false) is { Record: { Package.Length: > 0 } record }
                && (!record.IsProvisional || !record.IsOpen))
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
        OpenedRecord? made = await core.Store.ReadAsync(RecordKey.PulseJoins, groupId, cancellationToken).ConfigureAwait(false);
        CryptographicOperations.ZeroMemory(made?.Value);
        if (made is null)
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

    private async Task<bool> TakeAsync(byte[] key, WelcomeRecord record, HashSet<PulseId> entered, CancellationToken cancellationToken)
    {
        try
        {
            (byte[] hash, byte[] message) = PulsePackage.ReadWithSnapshot(record.Content);
            Welcome welcome = MlsMessage.Decode<Welcome>(message);
            if (await IsKnownAsync(record, welcome, cancellationToken).ConfigureAwait(false))
            {
                await DropAsync(key, record.Pulse, null, cancellationToken).ConfigureAwait(false);
                return true;
            }

            if (IsPaused(key, record) || await IsRivalStillAsync(key, record, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }

            if (await TryFetchAsync(hash, cancellationToken).ConfigureAwait(false) is not { } snapshot)
            {
                DateTimeOffset now = core.Time.GetUtcNow();
                _askedAt[Convert.ToHexString(key)] = now;
                if ((now - record.ArrivedAt).Duration() < WelcomeRecord.MaxAge)
                {
                    return false;
                }

                throw new E2EException(E2EError.MlsInvalidWelcome, "What belongs to the Welcome is not at the relay.");
            }

            await core.ChangeAsync(
                [Gates.KeyPackages, Gates.Pulse(record.Pulse)],
                work => JoinAsync(work, key, record, welcome, message, snapshot, entered),
                cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (IsOfTheInput(exception.Reason))
        {
            var told = new PulseMessageUnreadable(record.Pulse, record.Sender, exception.Reason);
            await DropAsync(key, record.Pulse, told, cancellationToken).ConfigureAwait(false);
        }

        _askedAt.TryRemove(Convert.ToHexString(key), out _);
        return true;
    }

    /// <summary>The relay is asked again when the Welcome has waited for a quarter longer.</summary>
    private bool IsPaused(byte[] key, WelcomeRecord record)
    {
        DateTimeOffset now = core.Time.GetUtcNow();
        return _askedAt.TryGetValue(Convert.ToHexString(key), out DateTimeOffset asked)
            && asked <= now
            && now - asked < (asked - record.ArrivedAt) / 4
            && now - record.ArrivedAt < WelcomeRecord.MaxAge;
    }

    /// <summary>What a Welcome needs of the relay; null where it has not got it, or refuses for now.</summary>
    private async Task<byte[]?> TryFetchAsync(byte[] hash, CancellationToken cancellationToken)
    {
        byte[]? snapshot;
        try
        {
            snapshot = await FetchAsync(hash, cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (IsPassing(exception.Reason))
        {
            return null;
        }

        IReadOnlyList<KnownList> known = snapshot is null ? [] : [.. GroupSnapshot.Decode(snapshot).Lists.Lists];
        try
        {
            await RefreshAsync(known, cancellationToken).ConfigureAwait(false);
            return snapshot;
        }
        catch (E2EException exception) when (IsPassing(exception.Reason))
        {
            return null;
        }
    }

    /// <summary>Whether it is a Welcome that was taken before, or to a chat in which this device is for certain: of a commit that lost.</summary>
    private Task<bool> IsKnownAsync(WelcomeRecord record, Welcome welcome, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.KeyPackages, Gates.Pulse(record.Pulse)],
        async work =>
        {
            OpenPulse? pulse = await work.PulseAsync(record.Pulse).ConfigureAwait(false);
            if (pulse is { Record: { IsOpen: false, Package.Length: > 0 } closed })
            {
                await keys.UseUpAsync(work, closed.Package).ConfigureAwait(false);
                closed.Package = [];
            }

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

    private async Task JoinAsync(
        Work work, byte[] key, WelcomeRecord record, Welcome welcome, byte[] message, byte[] snapshot, HashSet<PulseId> entered)
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
        OpenPulse? before;
        PulseGroup? old;
        bool isRival;
        try
        {
            if (PulseId.Find(group.Id) != record.Pulse)
            {
                throw new E2EException(E2EError.MlsWrongGroup, "The Welcome is to another group than the relay says.");
            }

            before = await work.PulseAsync(record.Pulse).ConfigureAwait(false);
            old = before is { Record.IsOpen: true, Group: { IsRemoved: false } held } ? held : null;
            bool isBlocked = (await work.UserAsync(inviter.UserId).ConfigureAwait(false))?.Standing == Standing.Blocked;
            isRival = old is not null && !isBlocked && before!.Record is { IsProvisional: true, IsByWelcome: true } && group.Epoch == before.Record.LastEpoch;
            if (isRival && MayStay(before!.Record, record) && !entered.Contains(record.Pulse))
            {
                // Of two that were committed at once one leads nowhere: which it is shows by what opens.
                _rivals[Convert.ToHexString(key)] = true;
                group.Dispose();
                return;
            }

            work.Delete(RecordKey.Welcomes, key);
            if (isBlocked || (before is not null && !isRival && group.Epoch <= before.Record.LastEpoch))
            {
                // Of somebody who is not heard; or of a commit that lost before the one by which this device came in was made, or shown again.
                group.Dispose();
                await ForgetWaitingAsync(work, record.Pulse).ConfigureAwait(false);
                if (isBlocked && before is null)
                {
                    await UnwantedPulses.NoteAsync(core, work, record.Pulse, inviter.UserId).ConfigureAwait(false);
                }

                return;
            }

            if (old is not null)
            {
                RequireSame(old, group, inviter);
            }
        }
        catch
        {
            group.Dispose();
            throw;
        }

        if (found.IsSuspect)
        {
            // This may be the epoch in which the device was before its store was put back.
            group.MarkRolledBack();
        }

        var entry = new PulseRecord
        {
            IsProvisional = true,
            IsUnsure = true,
            IsByWelcome = true,
            Package = found.Package,
            IsRegistered = true,
            IsCatchUpWanted = true,
            IsRejoinWanted = found.IsSuspect && group.Data.Rights.ExternalJoin,
            FirstEpoch = group.Epoch,
            SureEpoch = group.Epoch,
            Inviter = inviter,
            StatedAt = work.Now,
            Welcome = Sha256.Hash(record.Content),
        };

        // Whoever added this device knows whether that was taken.
        entry.ToTell.Add(inviter);
        core.AreKeyPackagesWanted = true;
        if (before is { Record.Package.Length: > 0 } && !PublicBytes.Equal(before.Record.Package, found.Package))
        {
            await keys.UseUpAsync(work, before.Record.Package).ConfigureAwait(false);
        }

        // A join by itself that was made out of what is replaced leads elsewhere.
        work.Delete(RecordKey.PulseJoins, record.Pulse.ToArray());
        work.Delete(RecordKey.UnwantedPulses, record.Pulse.ToArray());
        OpenPulse pulse = work.AddPulse(record.Pulse, entry, group);

        // Only the commit that is made anew by whoever made the one that lost leads on, or another one for whom nobody else is there: all else is
        // another line, on which nothing was said.
        bool isMadeAnew = old is not null && before!.Record is { IsProvisional: true, IsByWelcome: true }
            && (before.Record.Inviter == inviter || (isRival && group.Roster.Accounts.All(account => old.Roster.HasSame(account.UserId, group.Roster))));
        entered.Add(record.Pulse);
        entry.SaidBefore = isMadeAnew ? before!.Record.SaidBefore : await work.HighestAsync(pulse.Conversation).ConfigureAwait(false);
        if (await messages.HasSaidAsync(work, pulse).ConfigureAwait(false))
        {
            // What this device said when it was in before is for nobody who may have come since.
            var baseline = new PulseBaseline(core.StreamId, entry.SaidBefore);
            group.Roster.Devices.ToList().ForEach(device => entry.Baselines[device.Leaf.Address] = baseline);
        }

        if (isMadeAnew)
        {
            await messages.SayAnewAsync(work, pulse).ConfigureAwait(false);
        }
        else
        {
            if (old is not null)
            {
                IReadOnlyList<MessageId> unsent = await messages.DropUnsentAsync(work, record.Pulse).ConfigureAwait(false);
                work.AddEvent(new PulseClosed(record.Pulse, inviter, hasLeft: false, unsent));
            }

            await ForgetStreamsAsync(work, record.Pulse).ConfigureAwait(false);
            work.AddEvent(new PulseJoined(record.Pulse, inviter, group.Data.Name));
        }

        if (old is not null)
        {
            TellMembers(work, pulse, old.Roster, inviter);
        }

        await messages.OpenWaitingAsync(work, pulse).ConfigureAwait(false);
        work.WantPump();
    }

    /// <summary>Whether a Welcome that waits is to the epoch in which this device is, and nothing speaks for it yet.</summary>
    private Task<bool> IsRivalStillAsync(byte[] key, WelcomeRecord welcome, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.Pulse(welcome.Pulse)],
        async work => _rivals.ContainsKey(Convert.ToHexString(key))
            && await work.PulseAsync(welcome.Pulse).ConfigureAwait(false) is { } pulse
            && MayStay(pulse.Record, welcome),
        cancellationToken);

    /// <summary>Whether a device stays where it is beside another Welcome to the same epoch: everything has opened there.</summary>
    private bool MayStay(PulseRecord record, WelcomeRecord rival) => record is { IsOpen: true, IsAskWanted: false }
        && record.AskedAt == DateTimeOffset.UnixEpoch
        && (core.Time.GetUtcNow() - rival.ArrivedAt).Duration() < WelcomeRecord.MaxAge;

    /// <summary>A chat that this device is in is taken over by nobody who was not in it: anybody can make another group under its id.</summary>
    private static void RequireSame(PulseGroup old, PulseGroup group, DeviceAddress inviter)
    {
        if (!old.Roster.HasSame(inviter.UserId, group.Roster))
        {
            throw new E2EException(E2EError.GroupJoinRefused, "The Welcome is of nobody who was in the pulse chat.");
        }

        PulseGroup.RequirePinned(group.Roster, user => old.Roster.Find(user)?.AccountKey);
    }

    /// <summary>Who came and who went while this device could not follow.</summary>
    private static void TellMembers(Work work, OpenPulse pulse, Roster before, DeviceAddress by)
    {
        Roster now = pulse.Group!.Roster;
        string[] added = [.. now.Accounts.Select(account => account.UserId).Where(user => before.Find(user) is null).Order(StringComparer.Ordinal)];
        string[] removed = [.. before.Accounts.Select(account => account.UserId).Where(user => now.Find(user) is null).Order(StringComparer.Ordinal)];
        if (added.Length + removed.Length > 0)
        {
            work.AddEvent(new PulseMembersChanged(pulse.Id, by, added, removed, []));
        }
    }

    /// <summary>What waits for a group to which no Welcome leads any more is for nobody.</summary>
    private async Task ForgetWaitingAsync(Work work, PulseId id)
    {
        if (await work.ReadAsync(RecordKey.Pulses, id.ToArray()).ConfigureAwait(false) is not null)
        {
            return;
        }

        foreach (OpenedRecord item in await core.Store.ScanAsync(RecordKey.Welcomes, default, default, WelcomeRecord.Max).ConfigureAwait(false))
        {
            if (WelcomeRecord.Decode(item.Value).Pulse == id && await work.ReadAsync(RecordKey.Welcomes, item.Key.ToArray()).ConfigureAwait(false) is not null)
            {
                return;
            }
        }

        await messages.DropWaitingAsync(work, id).ConfigureAwait(false);
    }

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

    private Task DropAsync(byte[] key, PulseId id, E2EEvent? told, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            work.Delete(RecordKey.Welcomes, key);
            await ForgetWaitingAsync(work, id).ConfigureAwait(false);
            if (told is not null)
            {
                work.AddEvent(told);
            }
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
    private async Task RefreshAsync(IEnumerable<KnownList> known, CancellationToken cancellationToken)
    {
        foreach (KnownList list in known)
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
        await RefreshAsync(GroupSnapshot.Decode(snapshot).Lists.Lists, cancellationToken).ConfigureAwait(false);
        return await core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                if (await work.PulseAsync(id).ConfigureAwait(false) is not { Record.IsOpen: true, Group.IsRemoved: false } pulse
                    || !pulse.Record.TryRejoin(work.Now))
                {
                    return false;
                }

                using GroupDevice device = DeviceIn(snapshot);
                Dictionary<string, byte[]> pinned = await PinnedAsync(work, snapshot).ConfigureAwait(false);
                using ExternalJoin join = ExternalJoin.Create(
                    info, snapshot, device, _ => false, user => pinned.GetValueOrDefault(user), core.Time, pulse.Group, pulse.Record.From(pulse.Group.Epoch));
                byte[] state = join.Serialize();
                byte[] stored = new PulseJoinRecord(PulseMessages.NewId(), state).Encode();
                work.PutSecret(RecordKey.PulseJoins, id.ToArray(), stored);
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
        CryptographicOperations.ZeroMemory(record.State);
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

        PulseBaseline baseline;
        if (record.IsUnsure)
        {
            await messages.SayAnewAsync(work, pulse).ConfigureAwait(false);
            baseline = new PulseBaseline(core.StreamId, record.SaidBefore);
        }
        else
        {
            record.SaidBefore = await work.HighestAsync(pulse.Conversation).ConfigureAwait(false);
            record.SureEpoch = pulse.Group?.Epoch ?? 0;
            baseline = await messages.BaselineAsync(work, pulse).ConfigureAwait(false);
        }

        Roster before = pulse.Group?.Roster ?? Roster.Empty;
        pulse.Replace(join.Begin(device, core.Time));
        NoteDevices(record, before, pulse.Group!.Roster, baseline);
        record.IsByWelcome = false;
        work.Delete(RecordKey.PulseJoins, id.ToArray());
        work.AddEvent(new PulseRejoined(id, core.Address, record.Cause));
        TellMembers(work, pulse, before, core.Address);
        record.IsRejoinWanted = false;
        record.IsStalled = false;
        record.IsLeaving = false;
        record.IsProvisional = true;
        record.IsUnsure = true;
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

    /// <summary>What was said before is for none of those who came while this device could not follow.</summary>
    private static void NoteDevices(PulseRecord record, Roster before, Roster now, PulseBaseline baseline)
    {
        HashSet<DeviceAddress> known = [.. before.Devices.Select(device => device.Leaf.Address)];
        HashSet<DeviceAddress> there = [.. now.Devices.Select(device => device.Leaf.Address)];
        foreach (DeviceAddress device in there.Where(device => !known.Contains(device)))
        {
            record.Baselines[device] = baseline;
        }

        foreach (DeviceAddress device in record.Baselines.Keys.Where(device => !there.Contains(device)).ToArray())
        {
            record.Baselines.Remove(device);
        }
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

    /// <summary>Whether the relay refuses a call for now: it is no matter of what came.</summary>
    private static bool IsPassing(E2EError reason) => reason is E2EError.LimitExceeded or E2EError.NotAllowed;

    /// <summary>Whether what came is to blame, and not the relay's reach or this device's store.</summary>
    private static bool IsOfTheInput(E2EError reason) => reason is not (E2EError.StoreFailed or E2EError.StoreDamaged
        or E2EError.StoreInUse or E2EError.StoreConflict or E2EError.WrongMasterKey or E2EError.RelayUnavailable or E2EError.UnlistedDevice);
}
