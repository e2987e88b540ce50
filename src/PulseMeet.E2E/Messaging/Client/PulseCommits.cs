using System.Collections.Concurrent;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <summary>Changes of pulse chats: what this device has prepared goes up to the relay, and the candidates of each epoch are taken in the
/// relay's order.</summary>
/// <remarks>A commit is stored with the id of its offer before it is offered; each candidate that is taken is one batch with what the app
/// is told and with the commit that is made anew where another one came first. docs/protocol-groups.md, "Order".</remarks>
internal sealed partial class PulseCommits(ClientCore core, PulseMessages messages)
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

    /// <summary>This device is out of a chat: it is closed, and the app is told.</summary>
    /// <param name="work">The unit of work.</param>
    /// <param name="pulse">The chat.</param>
    /// <param name="by">Who took it out.</param>
    /// <param name="hasLeft">Whether it had asked for that.</param>
    /// <param name="last">Who was in it until then; null for those who are in it as the device holds it.</param>
    public async Task CloseAsync(Work work, OpenPulse pulse, DeviceAddress by, bool hasLeft, Roster? last = null)
    {
        if (await messages.HasSaidAsync(work, pulse).ConfigureAwait(false))
        {
            pulse.Record.KeepAudience(last ?? pulse.Group!.Roster);
        }

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

    /// <summary>Where a chat stands.</summary>
    /// <param name="IsOver">Whether nothing is to be done here.</param>
    /// <param name="Epoch">The current epoch.</param>
    /// <param name="Place">The first candidate of it that was not looked at.</param>
    /// <param name="IsCatchUpWanted">Whether there may be candidates.</param>
    /// <param name="Offer">What is to be offered; null for nothing.</param>
    private sealed record Standpoint(bool IsOver, ulong Epoch, int Place, bool IsCatchUpWanted, GroupCommit? Offer);
}
