using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>The Welcome that is taken: whose it is, whether it leads elsewhere than another one, and what becomes of what was said.</content>
internal sealed partial class PulseJoining
{
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
            if (before is null && !isBlocked && await IsOneTooManyAsync(work, inviter).ConfigureAwait(false))
            {
                group.Dispose();
                await ForgetWaitingAsync(work, record.Pulse).ConfigureAwait(false);
                work.AddEvent(new PulseMessageUnreadable(record.Pulse, inviter, E2EError.LimitExceeded));
                return;
            }

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
            if (old is not null)
            {
                before!.Record.KeepAudience(old.Roster);
            }

            entry.TakeBaselines(before?.Record, group.Roster, new PulseBaseline(work.OwnStreamId, entry.SaidBefore));
        }

        if (isMadeAnew)
        {
            entry.SayAnewFrom(work.OwnStreamId, entry.SaidBefore);
            await messages.SayAnewAsync(work, pulse).ConfigureAwait(false);
        }
        else
        {
            if (old is not null)
            {
                IReadOnlyList<MessageId> unsent = await messages.DropUnsentAsync(work, record.Pulse).ConfigureAwait(false);
                work.AddEvent(new PulseClosed(record.Pulse, inviter, hasLeft: false, unsent));
            }

            await BeginStreamsAnewAsync(work, record.Pulse).ConfigureAwait(false);
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

    /// <summary>What was missing before this device came in again is not missing; what it has had it knows, so that nobody says that again.</summary>
    private async Task BeginStreamsAnewAsync(Work work, PulseId id)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.PulseStreams, after, id.ToArray(), 200).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                after = item.Key.ToArray();
                (await work.IncomingAsync(PulseWords.ReadName(item.Value)).ConfigureAwait(false)).BeginAnew();
                work.Delete(RecordKey.PulseGaps, after);
            }
        }
    }
}
