using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>What a member of a pulse chat does without being asked: keys are renewed, newer device lists followed, requests to leave carried
/// out, silent devices removed.</summary>
/// <remarks>One's own account's devices follow its list at once; those of others wait, each for its turn, so that a thousand members do not
/// commit the same at once. What was noticed when is kept in memory: after a restart the wait begins again. One round at a time.</remarks>
internal sealed partial class PulseDuties(ClientCore core, DeviceLists lists, PulseInvitations invitations)
{
    /// <summary>How long each member waits for the one before it to follow somebody else's list.</summary>
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    /// <summary>How many members' lists are asked for in an hour.</summary>
    private const int Samples = 4;

    private readonly Dictionary<(PulseId, string), (long Number, DateTimeOffset At)> _noticed = [];
    private readonly Dictionary<(PulseId, string), (DateTimeOffset Next, TimeSpan Pause)> _claims = [];
    private readonly Dictionary<PulseId, DateTimeOffset> _sampled = [];

    /// <summary>Prepares what is due, where nothing waits. For whoever has the chat's round.</summary>
    /// <returns>Whether a commit waits now that did not before.</returns>
    /// <exception cref="E2EException">The relay cannot be reached.</exception>
    public async Task<bool> PrepareAsync(PulseId id, CancellationToken cancellationToken)
    {
        await SampleAsync(id, cancellationToken).ConfigureAwait(false);
        List<Followed> wanted = [];
        bool isPrepared = await core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                if (await IdleAsync(work, id).ConfigureAwait(false) is not { } pulse)
                {
                    return false;
                }

                foreach (GroupDuty duty in pulse.Group!.Duties(work.Now, GroupSchedule.Default).Where(duty => duty.Reason != GroupDutyReason.OwnList))
                {
                    if (TryPrepare(pulse, duty.Intent))
                    {
                        return true;
                    }
                }

                wanted = await FollowedAsync(work, pulse).ConfigureAwait(false);
                return false;
            },
            cancellationToken).ConfigureAwait(false);
        foreach (Followed followed in wanted)
        {
            isPrepared = isPrepared || await FollowAsync(id, followed, cancellationToken).ConfigureAwait(false);
        }

        return isPrepared;
    }

    private static bool TryPrepare(OpenPulse pulse, GroupIntent intent)
    {
        try
        {
            return PulseCommits.Prepare(pulse, intent);
        }
        catch (E2EException exception) when (exception.Reason is not E2EError.StoreDamaged)
        {
            // Not allowed, or of no sense, now: nothing waits, and it is looked at again.
            return false;
        }
    }

    private static async Task<OpenPulse?> IdleAsync(Work work, PulseId id) =>
        await work.PulseAsync(id).ConfigureAwait(false) is { } pulse
        && pulse.Record is { IsOpen: true, IsLeaving: false, IsRejoinWanted: false, IsProvisional: false, IsStalled: false, IsCatchUpWanted: false }
        && pulse.Group is { IsRemoved: false, HasPrepared: false, Unfinished: null }
            ? pulse
            : null;

    /// <summary>Asks for the lists of a few members now and then: a device that was removed goes, whether or not its account says
    /// anything.</summary>
    private async Task SampleAsync(PulseId id, CancellationToken cancellationToken)
    {
        DateTimeOffset now = core.Time.GetUtcNow();
        if (_sampled.TryGetValue(id, out DateTimeOffset last) && now - last < s_hour && last <= now)
        {
            return;
        }

        _sampled[id] = now;
        var users = new List<string>();
        await core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                if (await IdleAsync(work, id).ConfigureAwait(false) is { } pulse)
                {
                    users.AddRange(pulse.Group!.Roster.Accounts.Select(account => account.UserId).Where(user => user != core.Address.UserId));
                }
            },
            cancellationToken).ConfigureAwait(false);
        for (int i = 0; i < Samples && users.Count > 0; i++)
        {
            byte[] random = new byte[4];
            Randomness.Fill(random);
            int chosen = (int)(BitConverter.ToUInt32(random) % (uint)users.Count);
            string userId = users[chosen];
            users.RemoveAt(chosen);
            if (await NeedsRefreshAsync(userId, now, cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    await lists.RefreshAsync(userId, Standing.Unanswered, cancellationToken).ConfigureAwait(false);
                }
                catch (E2EException exception) when (exception.Reason is not (E2EError.RelayUnavailable or E2EError.StoreFailed
                    or E2EError.StoreInUse or E2EError.StoreDamaged or E2EError.StoreConflict))
                {
                    // The list of somebody who was not known is not in order: the group's own stays.
                }
            }
        }
    }

    private async Task<bool> NeedsRefreshAsync(string userId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        OpenedRecord? bytes = await core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(userId), cancellationToken).ConfigureAwait(false);
        UserRecord? user = bytes is null ? null : core.Users.Decode(userId, bytes.Value);
        return user is null || now - user.FetchedAt >= s_hour || user.FetchedAt > now;
    }
}
