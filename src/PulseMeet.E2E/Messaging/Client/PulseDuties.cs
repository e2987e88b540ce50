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
internal sealed class PulseDuties(ClientCore core, DeviceLists lists, PulseInvitations invitations)
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

    /// <summary>Accounts that have a newer list than the group knows, or, of one's own, devices that are not in it; whose turn it is.</summary>
    private async Task<List<Followed>> FollowedAsync(Work work, OpenPulse pulse)
    {
        var wanted = new List<Followed>();
        foreach (RosterAccount account in pulse.Group!.Roster.Accounts)
        {
            bool isOwn = account.UserId == core.Address.UserId;
            if (await work.UserAsync(account.UserId).ConfigureAwait(false) is not { } user
                || !PublicBytes.Equal(user.Contact.Account.AccountKey.Span, account.AccountKey)
                || pulse.Group.Lists.Find(account.UserId) is not { } known)
            {
                continue;
            }

            bool isNewer = user.List.Number > known.Number;
            bool isMissing = user.List.Devices.Any(device => !IsIn(account, device));
            if ((isNewer && IsTurn(pulse, account, isOwn, user.List.Number, work.Now)) || (isOwn && isMissing && MayClaim(pulse.Id, account.UserId, work.Now)))
            {
                wanted.Add(new Followed(account.UserId, isNewer, isMissing && MayClaim(pulse.Id, account.UserId, work.Now), pulse.Group.Suite));
            }
        }

        return wanted;
    }

    private bool IsTurn(OpenPulse pulse, RosterAccount account, bool isOwn, long number, DateTimeOffset now)
    {
        if (isOwn)
        {
            return true;
        }

        (PulseId, string) key = (pulse.Id, account.UserId);
        if (!_noticed.TryGetValue(key, out (long Number, DateTimeOffset At) noticed) || noticed.Number != number || noticed.At > now)
        {
            _noticed[key] = noticed = (number, now);
        }

        uint own = pulse.Group!.Mls.Own;
        int rank = 1 + pulse.Group.Roster.Devices.Count(device => device.Index < own && device.Leaf.Address.UserId != account.UserId);
        return now - noticed.At >= rank * s_step;
    }

    /// <summary>A claim takes a key package of every device: where it gave nothing, it is a while until the next.</summary>
    private bool MayClaim(PulseId id, string userId, DateTimeOffset now) =>
        !_claims.TryGetValue((id, userId), out (DateTimeOffset Next, TimeSpan Pause) claim) || now >= claim.Next || claim.Next - now > claim.Pause;

    private async Task<bool> FollowAsync(PulseId id, Followed followed, CancellationToken cancellationToken)
    {
        List<byte[]> keyPackages = [];
        if (followed.IsMissing)
        {
            (PulseId, string) key = (id, followed.UserId);
            TimeSpan pause = _claims.TryGetValue(key, out (DateTimeOffset Next, TimeSpan Pause) before) && before.Pause < TimeSpan.FromHours(12)
                ? before.Pause * 2
                : before.Pause == default ? TimeSpan.FromMinutes(1) : before.Pause;
            _claims[key] = (core.Time.GetUtcNow() + pause, pause);
            HashSet<string> present = [];
            await core.ChangeAsync(
                [Gates.Pulse(id)],
                async work =>
                {
                    OpenPulse? pulse = await work.PulseAsync(id).ConfigureAwait(false);
                    present.UnionWith(pulse?.Group?.Roster.Find(followed.UserId)?.Devices.Select(device => device.Leaf.Address.DeviceId) ?? []);
                },
                cancellationToken).ConfigureAwait(false);
            (_, keyPackages) = await invitations.ClaimAsync(
                followed.UserId,
                followed.Suite,
                device => !present.Contains(device.Address.DeviceId),
                Standing.Unanswered,
                cancellationToken).ConfigureAwait(false);
        }

        return await core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                if (await IdleAsync(work, id).ConfigureAwait(false) is not { } pulse
                    || await work.UserAsync(followed.UserId).ConfigureAwait(false) is not { } user
                    || (!followed.IsNewer && keyPackages.Count == 0))
                {
                    return false;
                }

                return TryPrepare(pulse, new BringIntent([new Invitee(user.List.Encode(), keyPackages)]))
                    || (followed.IsNewer && TryPrepare(pulse, new BringIntent([new Invitee(user.List.Encode(), [])])));
            },
            cancellationToken).ConfigureAwait(false);
    }

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

    private static bool IsIn(RosterAccount account, DeviceCertificate device) =>
        account.Devices.Any(other => PublicBytes.Equal(other.Leaf.Identity, device.Identity));

    /// <param name="UserId">Whose list.</param>
    /// <param name="IsNewer">Whether it is newer than the group's.</param>
    /// <param name="IsMissing">Whether key packages are to be claimed for devices that are not in the group.</param>
    /// <param name="Suite">The group's suite.</param>
    private sealed record Followed(string UserId, bool IsNewer, bool IsMissing, MlsSuite Suite);
}
