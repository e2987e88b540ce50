using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <content>One chat's round as far as others' changes go: it follows, comes back where it cannot, and is closed where it is over.</content>
internal sealed partial class Pulses
{
    /// <summary>Takes what others have committed, and does what is due.</summary>
    private async Task<bool> FollowAsync(PulseId id, CancellationToken cancellationToken)
    {
        await LookForDepartureAsync(id, cancellationToken).ConfigureAwait(false);
        bool isDone = await AdvanceAsync(id, cancellationToken).ConfigureAwait(false);
        if (_commits.MayOffer(id) && await _duties.PrepareAsync(id, cancellationToken).ConfigureAwait(false))
        {
            isDone &= await AdvanceAsync(id, cancellationToken).ConfigureAwait(false);
        }

        await _words.LookForOthersAsync(id, cancellationToken).ConfigureAwait(false);
        if (await _words.LeadStraysAsync(id, cancellationToken).ConfigureAwait(false)
            && _commits.MayOffer(id)
            && await _duties.PrepareAsync(id, cancellationToken).ConfigureAwait(false))
        {
            isDone &= await AdvanceAsync(id, cancellationToken).ConfigureAwait(false);
        }

        return isDone;
    }

    /// <summary>Whoever has asked to leave looks every hour whether that was committed: no word of it may come.</summary>
    private Task LookForDepartureAsync(PulseId id, CancellationToken cancellationToken) => _core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            if (await work.PulseAsync(id).ConfigureAwait(false) is not { Record: { IsOpen: true, IsLeaving: true } record })
            {
                _leavingAt.Remove(id);
            }
            else if (_leavingAt.TryAdd(id, work.Now) || work.Now - _leavingAt[id] >= s_leavingInterval || _leavingAt[id] > work.Now)
            {
                _leavingAt[id] = work.Now;
                record.IsCatchUpWanted = true;
            }
        },
        cancellationToken);

    private async Task<bool> AdvanceAsync(PulseId id, CancellationToken cancellationToken)
    {
        bool isDone = await RejoinAsync(id, cancellationToken).ConfigureAwait(false)
            && await _commits.AdvanceAsync(id, isFresh: false, null, cancellationToken).ConfigureAwait(false);

        // What was taken may have shown that this device cannot follow.
        return await RejoinAsync(id, cancellationToken).ConfigureAwait(false) && isDone;
    }

    private async Task<bool> RejoinAsync(PulseId id, CancellationToken cancellationToken)
    {
        if (!await IsRejoinDueAsync(id, isAgain: false, cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        await _commits.LookAgainAsync(id, cancellationToken).ConfigureAwait(false);
        if (!await IsRejoinDueAsync(id, isAgain: true, cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        return await _joining.RejoinAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <param name="id">The chat.</param>
    /// <param name="isAgain">Whether it was due a moment ago.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    private Task<bool> IsRejoinDueAsync(PulseId id, bool isAgain, CancellationToken cancellationToken) => _core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            if (await work.PulseAsync(id).ConfigureAwait(false) is not { Record: { IsOpen: true, IsRejoinWanted: true } record })
            {
                return false;
            }

            bool isSoon = record.IsStalled && _stalledAt.TryGetValue(id, out DateTimeOffset at) && work.Now - at < s_stalledInterval && at <= work.Now;
            if (isSoon && !isAgain)
            {
                return false;
            }

            _stalledAt[id] = work.Now;

            // Where no more joins may be made today, nothing is fetched for one; one that is made goes up.
            return record.MayRejoin(work.Now) || await work.ReadAsync(RecordKey.PulseJoins, id.ToArray()).ConfigureAwait(false) is not null;
        },
        cancellationToken);

    /// <summary>A chat that every account in it has asked to leave: nobody is there who could commit that. Each device is out by itself. After
    /// what waits is with the relay: the others learn of it by this device's own request.</summary>
    private Task CloseAbandonedAsync(PulseId id, CancellationToken cancellationToken) => _core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            if (await work.PulseAsync(id).ConfigureAwait(false) is { Record: { IsOpen: true, IsLeaving: true }, Group: { IsRemoved: false, IsAbandoned: true } } pulse)
            {
                await _commits.CloseAsync(work, pulse, _core.Address, hasLeft: true).ConfigureAwait(false);
                await _messages.OpenWaitingAsync(work, pulse).ConfigureAwait(false);
            }
        },
        cancellationToken);

    /// <summary>A chat that this device was in under other keys, before its account was reset: it is out of it.</summary>
    private Task CloseForeignAsync(PulseId id, CancellationToken cancellationToken) => _core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            GroupDevice device = await work.GroupDeviceAsync().ConfigureAwait(false);
            if (await work.PulseAsync(id).ConfigureAwait(false) is { Record.IsOpen: true, Group: { IsRemoved: false } group } pulse
                && !PublicBytes.Equal(group.Mls.Current.OwnLeaf.SignatureKey, device.Client.SignatureKey.PublicKey))
            {
                await _commits.CloseAsync(work, pulse, _core.Address, hasLeft: false).ConfigureAwait(false);
                await _messages.OpenWaitingAsync(work, pulse).ConfigureAwait(false);
            }
        },
        cancellationToken);
}
