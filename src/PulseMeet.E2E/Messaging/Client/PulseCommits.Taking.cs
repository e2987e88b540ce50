using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <content>The candidates of an epoch, in the relay's order: what is taken, whom it concerns, and what of this device's own is made anew.</content>
internal sealed partial class PulseCommits
{
    /// <returns>Whether something was looked at, so that there may be more.</returns>
    private async Task<bool> TakeAsync(
        Work work, PulseId id, Standpoint at, IReadOnlyList<GroupCandidate> candidates, Action<E2EError>? dropped)
    {
        if (await work.PulseAsync(id).ConfigureAwait(false) is not { Group: { IsRemoved: false } group } pulse || !pulse.Record.IsOpen)
        {
            return false;
        }

        PulseRecord record = pulse.Record;
        if (group.Epoch != at.Epoch || record.NextPlace != at.Place)
        {
            return true;
        }

        if (at.Place > 0 && (candidates.Count == 0 || candidates[0].Epoch > at.Epoch) && MayLookFromTheFirst(id))
        {
            // What was looked at in vain may have been none of the relay's list: that would keep this device out for good.
            record.NextPlace = 0;
            return true;
        }

        if (candidates is [var first, ..] && (first.Epoch != at.Epoch || first.Place != at.Place))
        {
            return FallBehind(pulse, first, at);
        }

        List<ReadOnlyMemory<byte>> page = [];
        foreach (GroupCandidate candidate in candidates)
        {
            if (candidate.Epoch != at.Epoch || candidate.Place != at.Place + page.Count)
            {
                break;
            }

            page.Add(candidate.Commit);
        }

        if (page.Count == 0)
        {
            record.IsCatchUpWanted = false;
            return false;
        }

        PulseGroupBefore before = PulseGroupBefore.Of(group);
        int own = group.HasPrepared ? page.FindIndex(commit => PublicBytes.Equal(commit.Span, group.Prepared!.Commit)) : -1;
        CandidateOutcome outcome = group.TakeCandidates(page);
        pulse.Change();
        record.IsAskWanted |= outcome.Unreadable.Count > 0;
        record.IsRejoinWanted |= outcome.Taken is null && outcome.Unreadable.Any(commit => commit.Committer == core.Address);
        if (outcome.Taken is null)
        {
            record.NextPlace += page.Count;
            return !record.IsRejoinWanted;
        }

        record.NextPlace = 0;
        record.Offer = default;
        record.IsCatchUpWanted = true;
        record.IsRegistered = true;
        await EnterAsync(work, pulse, group, before, outcome, dropped).ConfigureAwait(false);
        if (outcome.Taken < own && group is { IsRemoved: false, HasPrepared: false, Unfinished: null, Data.Rights.ExternalJoin: true })
        {
            // Its offer lost, and all that it was for is done. But the relay may have its group info, which leads to a line where nobody is:
            // the next commit puts another in its place.
            group.Suspect();
        }

        return true;
    }

    private async Task EnterAsync(
        Work work, OpenPulse pulse, PulseGroup group, PulseGroupBefore before, CandidateOutcome outcome, Action<E2EError>? dropped)
    {
        DeviceAddress by = outcome.Committer!;
        pulse.Record.IsProvisional &= outcome.WasOwn || by == core.Address;
        if (group.IsRemoved)
        {
            bool hasLeft = outcome.Changes.Any(change => change.Kind == GroupChangeKind.AccountLeft && change.UserId == core.Address.UserId);
            await CloseAsync(work, pulse, by, hasLeft, before.Roster).ConfigureAwait(false);
            await messages.OpenWaitingAsync(work, pulse).ConfigureAwait(false);
            return;
        }

        PulseChanges.Tell(work, pulse, group, outcome.Changes);
        await NoteMembersAsync(work, pulse, group, before).ConfigureAwait(false);
        Rebase(work, pulse, dropped);

        // A request is void once its device has committed, or came in anew.
        pulse.Record.HasAsked &= pulse.Record.IsLeaving;
        if (pulse.Record.HasAsked)
        {
            // Members whom the request has not reached in its epoch do not take it any more.
            messages.AddRequest(work, pulse, group.Epoch, group.AskToLeave());
        }

        pulse.Record.IsLeaving = group.IsAskedToLeave(core.Address.UserId);
        await messages.OpenWaitingAsync(work, pulse).ConfigureAwait(false);
        work.WantPump();
    }

    /// <summary>Takes note of who came and who went: what was said before is for nobody who came later.</summary>
    private async Task NoteMembersAsync(Work work, OpenPulse pulse, PulseGroup group, PulseGroupBefore before)
    {
        PulseBaseline said = await messages.BaselineAsync(work, pulse).ConfigureAwait(false);
        HashSet<DeviceAddress> now = [.. group.Roster.Devices.Select(device => device.Leaf.Address)];
        foreach (DeviceAddress device in now.Where(device => !before.Devices.Contains(device)))
        {
            pulse.Record.Baselines[device] = said;
        }

        foreach (DeviceAddress device in before.Devices.Where(device => !now.Contains(device)))
        {
            pulse.Record.Baselines.Remove(device);
        }

        foreach (RosterAccount account in group.Roster.Accounts.Where(account => !before.IsSame(account)))
        {
            UserRecord? user = await work.UserAsync(account.UserId).ConfigureAwait(false);
            if (user is not null && !PublicBytes.Equal(user.Contact.Account.AccountKey.Span, account.AccountKey))
            {
                pulse.Record.Unchecked.Add(account.UserId);
            }
        }
    }

    /// <summary>Makes what lost, or is left, anew.</summary>
    private static void Rebase(Work work, OpenPulse pulse, Action<E2EError>? dropped)
    {
        PulseGroup group = pulse.Require();
        if (group.HasPrepared || group.Unfinished is null)
        {
            return;
        }

        pulse.Change();
        bool isWanted = !group.IsDuty;
        try
        {
            pulse.Record.Offer = group.Rebase() is null ? default : PulseMessages.NewId();
        }
        catch (E2EException) when (!isWanted)
        {
            // Nobody asked for it.
        }
        catch (E2EException exception)
        {
            dropped?.Invoke(exception.Reason);
            work.AddEvent(new PulseChangeDropped(pulse.Id, exception.Reason));
        }
    }

    /// <summary>Whether the candidates of the epoch may be asked for from the first on once more now. They may; it is noted, in memory.</summary>
    private bool MayLookFromTheFirst(PulseId id)
    {
        DateTimeOffset now = core.Time.GetUtcNow();
        if (_lookedAgain.TryGetValue(id, out DateTimeOffset last) && last <= now && now - last < s_lookInterval)
        {
            return false;
        }

        _lookedAgain[id] = now;
        return true;
    }

    /// <summary>The relay has not, or not any more, what comes next.</summary>
    private static bool FallBehind(OpenPulse pulse, GroupCandidate first, Standpoint at)
    {
        if (first.Epoch < at.Epoch || (first.Epoch == at.Epoch && first.Place < at.Place))
        {
            throw new E2EException(E2EError.InvalidEncoding, "The relay gives candidates that were not asked for.");
        }

        // Of this epoch nothing is left, or it was looked at in vain: where there is nothing but a later one, this device has missed it.
        pulse.Record.IsCatchUpWanted = false;
        pulse.Record.IsRejoinWanted = at.Place == 0 || first.Epoch == at.Epoch;
        pulse.Record.IsAskWanted |= !pulse.Record.IsRejoinWanted;
        return false;
    }
}
