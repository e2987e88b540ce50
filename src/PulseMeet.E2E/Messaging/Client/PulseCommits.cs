using System.Collections.Concurrent;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <summary>Changes of pulse chats: what this device has prepared goes up to the relay, and the candidates of each epoch are taken in the
/// relay's order.</summary>
/// <remarks>A commit is stored with the id of its offer before it is offered; each candidate that is taken is one batch with what the app
/// is told and with the commit that is made anew where another one came first. docs/protocol-groups.md, "Order".</remarks>
internal sealed class PulseCommits(ClientCore core, PulseMessages messages)
{
    private const int Page = 100;

    /// <summary>How many candidates are looked at in one go: a relay that has no end of them ends nothing.</summary>
    private const int MaxLooks = 10_000;

    private static readonly TimeSpan s_longestPause = TimeSpan.FromHours(1);

    /// <summary>How often the candidates of an epoch that were looked at in vain are asked for once more, at most.</summary>
    private static readonly TimeSpan s_lookInterval = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<PulseId, (DateTimeOffset Next, TimeSpan Pause)> _refused = [];
    private readonly ConcurrentDictionary<PulseId, DateTimeOffset> _lookedAgain = [];

    /// <summary>Prepares what an app or a duty wants, where nothing else waits. Nothing is stored where it is refused.</summary>
    /// <returns>Whether a commit waits now; false where there is nothing to do.</returns>
    /// <exception cref="E2EException">As for <see cref="PulseGroup.Prepare"/>.</exception>
    public static bool Prepare(OpenPulse pulse, GroupIntent intent)
    {
        if (pulse.Require().Prepare(intent) is null)
        {
            return false;
        }

        pulse.Record.Offer = PulseMessages.NewId();
        pulse.Change();
        return true;
    }

    /// <summary>Whether something may be offered without an app's asking: for a while after a refusal nothing is, a minute first, then twice
    /// as long each time, to an hour. Kept in memory.</summary>
    public bool MayOffer(PulseId id)
    {
        DateTimeOffset now = core.Time.GetUtcNow();
        return !_refused.TryGetValue(id, out (DateTimeOffset Next, TimeSpan Pause) refused) || now >= refused.Next || refused.Next - now > refused.Pause;
    }

    /// <summary>Looks whether a chat that cannot come back by itself can follow after all: what comes next is at the relay, so that the word
    /// that it was gone was a lie, or a fault.</summary>
    /// <exception cref="E2EException">The relay cannot be reached, or refuses.</exception>
    public async Task LookAgainAsync(PulseId id, CancellationToken cancellationToken)
    {
        Standpoint? at = await core.ChangeAsync([Gates.Pulse(id)], work => StuckAsync(work), cancellationToken).ConfigureAwait(false);
        if (at is null)
        {
            return;
        }

        IReadOnlyList<GroupCandidate> candidates = await core.Relay
            .GetCandidatesAsync(id.ToArray(), at.Epoch, at.Place, 1, cancellationToken).ConfigureAwait(false);
        if (candidates is not [var next, ..] || next.Epoch != at.Epoch || next.Place != at.Place)
        {
            return;
        }

        await core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                if (await StuckAsync(work).ConfigureAwait(false) == at)
                {
                    (await work.PulseAsync(id).ConfigureAwait(false))!.Record.Follow();
                }
            },
            cancellationToken).ConfigureAwait(false);

        async Task<Standpoint?> StuckAsync(Work work) =>
            await work.PulseAsync(id).ConfigureAwait(false) is { Record: { IsOpen: true, IsStalled: true, Cause: null } record, Group: { IsRemoved: false, MayFollow: true } group }
                ? new Standpoint(IsOver: true, group.Epoch, record.NextPlace, IsCatchUpWanted: true, null)
                : null;
    }

    /// <summary>Brings a chat as far as the relay lets it: offers what waits, and takes what others have committed. For whoever has the
    /// chat's round.</summary>
    /// <param name="id">The chat.</param>
    /// <param name="isFresh">Whether the candidates were looked at just now, before what waits was prepared. Otherwise they are looked at
    /// before anything is offered: the relay keeps the group info that came last, and one of an epoch that is over would lead joiners
    /// astray.</param>
    /// <param name="dropped">Is given the reason for which a change of this device's was given up; null where nobody waits for that.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <returns>Whether nothing waits any more that could be done now. An offer for which the relay has no room, or no time, waits: the relay
    /// may have taken it before, and may have room later.</returns>
    /// <exception cref="E2EException">The relay cannot be reached, or refuses.</exception>
    public async Task<bool> AdvanceAsync(PulseId id, bool isFresh, Action<E2EError>? dropped, CancellationToken cancellationToken)
    {
        bool isAsked = isFresh;
        MessageId offered = default;
        for (int looked = 0; looked < MaxLooks;)
        {
            Standpoint at = await LookAsync(id, dropped, cancellationToken).ConfigureAwait(false);
            if (at.IsOver)
            {
                return true;
            }

            bool isRegistration = at.Offer is { Commit.Length: 0 };
            bool isOffered = false;
            if (at.Offer is { } offer && new MessageId(offer.Id.Span) != offered && (isRegistration || (isFresh && !at.IsCatchUpWanted)))
            {
                if (!isAsked && !MayOffer(id))
                {
                    return false;
                }

                offered = new MessageId(offer.Id.Span);
                isOffered = true;
                if (await IsTooLargeAsync(id, offer, dropped, cancellationToken).ConfigureAwait(false))
                {
                    continue;
                }

                if (!await TryOfferAsync(id, offer, cancellationToken).ConfigureAwait(false) && isRegistration)
                {
                    return false;
                }
            }

            if ((at.Offer is null || isRegistration) && !at.IsCatchUpWanted)
            {
                return true;
            }

            IReadOnlyList<GroupCandidate> candidates = await core.Relay
                .GetCandidatesAsync(id.ToArray(), at.Epoch, at.Place, Page, cancellationToken).ConfigureAwait(false);
            if (!await core.ChangeAsync([Gates.Pulse(id)], work => TakeAsync(work, id, at, candidates, dropped), cancellationToken).ConfigureAwait(false)
                && (isOffered || (isFresh && !at.IsCatchUpWanted) || at.Offer is null || isRegistration))
            {
                return at.Offer is null || isRegistration;
            }

            isFresh = true;

            looked += Math.Max(1, candidates.Count);
        }

        return false;
    }

    /// <summary>Whether this device is out after what was taken; then it is closed, and the app is told.</summary>
    public async Task CloseAsync(Work work, OpenPulse pulse, DeviceAddress by, bool hasLeft)
    {
        pulse.Record.ClosedAt = work.Now;
        pulse.Record.IsCatchUpWanted = false;
        pulse.Record.IsRejoinWanted = false;
        IReadOnlyList<MessageId> unsent = await messages.DropUnsentAsync(work, pulse.Id).ConfigureAwait(false);
        work.Delete(RecordKey.PulseJoins, pulse.Id.ToArray());
        work.AddEvent(new PulseClosed(pulse.Id, by, hasLeft, unsent));
        work.WantPump();
    }

    private Task<Standpoint> LookAsync(PulseId id, Action<E2EError>? dropped, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            OpenPulse? pulse = await work.PulseAsync(id).ConfigureAwait(false);
            if (pulse is not { Record: { IsOpen: true, IsRejoinWanted: false, IsStalled: false }, Group: { IsRemoved: false } group })
            {
                return new Standpoint(IsOver: true, 0, 0, false, null);
            }

            if (group.Unfinished is not null && !group.HasPrepared)
            {
                Rebase(work, pulse, dropped);
            }

            return new Standpoint(
                IsOver: false,
                group.Epoch,
                pulse.Record.NextPlace,
                pulse.Record.IsCatchUpWanted,
                group.HasPrepared ? Offer(pulse, group.Prepared!) : pulse.Record.IsRegistered ? null : Registration(pulse, group));
        },
        cancellationToken);

    private static GroupCommit Offer(OpenPulse pulse, PreparedCommit commit)
    {
        byte[] hash = Sha256.Hash(commit.Snapshot);
        var welcomes = new List<OutgoingEnvelope>();
        foreach (GroupWelcome welcome in commit.Welcomes)
        {
            // The same id for every attempt: it follows from what it names.
            byte[] id = Sha256.Hash(welcome.Message).AsSpan(0, MessageId.Size).ToArray();
            welcomes.Add(new OutgoingEnvelope(welcome.Device, id, PulsePackage.WithSnapshot(hash, welcome.Message)));
        }

        return new GroupCommit(
            pulse.Id.ToArray(),
            commit.Epoch,
            pulse.Record.Offer.ToArray(),
            commit.Commit,
            welcomes,
            commit.Removed,
            commit.GroupInfo.Length == 0 ? ReadOnlyMemory<byte>.Empty : PulsePackage.WithSnapshot(hash, commit.GroupInfo),
            commit.Snapshot);
    }

    /// <summary>What makes a group of one device known to the relay.</summary>
    private static GroupCommit Registration(OpenPulse pulse, PulseGroup group)
    {
        byte[] snapshot = group.Snapshot();
        byte[] info = group.Data.Rights.ExternalJoin ? PulsePackage.WithSnapshot(Sha256.Hash(snapshot), group.GroupInfo()) : [];
        return new GroupCommit(pulse.Id.ToArray(), group.Epoch, pulse.Record.Offer.ToArray(), default, [], [], info, snapshot);
    }

    /// <returns>False where the relay has no room for it, or no time, now.</returns>
    private async Task<bool> TryOfferAsync(PulseId id, GroupCommit offer, CancellationToken cancellationToken)
    {
        try
        {
            await OfferAsync(offer, cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (exception.Reason == E2EError.NotAllowed)
        {
            // This device may be off the relay's list by the word of a candidate; what was taken says whether it is.
            return true;
        }
        catch (E2EException exception) when (exception.Reason == E2EError.LimitExceeded)
        {
            // Too often, or a quota that is full: it may have been taken before all the same, and its answer lost.
            PutOff(id);
            return false;
        }

        _refused.TryRemove(id, out _);

        await core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                if (await work.PulseAsync(id).ConfigureAwait(false) is { } pulse)
                {
                    pulse.Record.IsRegistered = true;
                }
            },
            cancellationToken).ConfigureAwait(false);
        return true;
    }

    private void PutOff(PulseId id)
    {
        TimeSpan pause = _refused.TryGetValue(id, out (DateTimeOffset Next, TimeSpan Pause) before) ? before.Pause * 2 : TimeSpan.FromMinutes(1);
        pause = pause < s_longestPause ? pause : s_longestPause;
        _refused[id] = (core.Time.GetUtcNow() + pause, pause);
    }

    private async Task OfferAsync(GroupCommit offer, CancellationToken cancellationToken)
    {
        try
        {
            await core.Relay.OfferCommitAsync(offer, cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (exception.Reason == E2EError.NotAllowed)
        {
            await core.Relay.SubscribeAsync(offer.GroupId, isSubscribed: true, cancellationToken).ConfigureAwait(false);
            await core.Relay.OfferCommitAsync(offer, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Gives up a commit that is over a relay's bounds, by this device's own count: no relay takes it, now or later, and it never
    /// left.</summary>
    private async Task<bool> IsTooLargeAsync(PulseId id, GroupCommit offer, Action<E2EError>? dropped, CancellationToken cancellationToken)
    {
        try
        {
            RelayRequest.IsWithin(offer);
            return false;
        }
        catch (E2EException exception)
        {
            // A duty would be prepared again at once.
            PutOff(id);
            await core.ChangeAsync([Gates.Pulse(id)], work => AbandonAsync(work, id, offer, exception.Reason, dropped), cancellationToken).ConfigureAwait(false);
            return true;
        }
    }

    private static async Task AbandonAsync(Work work, PulseId id, GroupCommit offer, E2EError reason, Action<E2EError>? dropped)
    {
        if (await work.PulseAsync(id).ConfigureAwait(false) is not { Group: { HasPrepared: true } group } pulse
            || pulse.Record.Offer != new MessageId(offer.Id.Span))
        {
            return;
        }

        if (!group.IsDuty)
        {
            dropped?.Invoke(reason);
            work.AddEvent(new PulseChangeDropped(id, reason));
        }

        group.Abandon();

        // What makes a new chat known goes up under it.
        pulse.Record.Offer = PulseMessages.NewId();
        pulse.Change();
        work.WantPump();
    }

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
            await CloseAsync(work, pulse, by, hasLeft).ConfigureAwait(false);
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

    /// <summary>Where a chat stands.</summary>
    /// <param name="IsOver">Whether nothing is to be done here.</param>
    /// <param name="Epoch">The current epoch.</param>
    /// <param name="Place">The first candidate of it that was not looked at.</param>
    /// <param name="IsCatchUpWanted">Whether there may be candidates.</param>
    /// <param name="Offer">What is to be offered; null for nothing.</param>
    private sealed record Standpoint(bool IsOver, ulong Epoch, int Place, bool IsCatchUpWanted, GroupCommit? Offer);
}
