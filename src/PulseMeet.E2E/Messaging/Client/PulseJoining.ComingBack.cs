using System.Security.Cryptography;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>Coming back by oneself: made and stored, offered, and begun when the relay has taken it.</content>
internal sealed partial class PulseJoining
{
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
            record.SayAnewFrom(work.OwnStreamId, record.SaidBefore);
            baseline = new PulseBaseline(work.OwnStreamId, record.SaidBefore);
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
        record.StatedAt = work.Now;
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
}
