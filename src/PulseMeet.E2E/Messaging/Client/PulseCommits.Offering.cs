using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <content>What goes up to the relay, and what becomes of it where the relay refuses.</content>
internal sealed partial class PulseCommits
{
    /// <summary>Whether something may be offered without an app's asking: for a while after a refusal nothing is, a minute first, then twice
    /// as long each time, to an hour. Kept in memory.</summary>
    public bool MayOffer(PulseId id)
    {
        DateTimeOffset now = core.Time.GetUtcNow();
        return !_refused.TryGetValue(id, out (DateTimeOffset Next, TimeSpan Pause) refused) || now >= refused.Next || refused.Next - now > refused.Pause;
    }

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
}
