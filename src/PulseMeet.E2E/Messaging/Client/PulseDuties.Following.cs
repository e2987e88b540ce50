using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <content>Newer device lists: whose turn it is to follow them, and what is claimed for it.</content>
internal sealed partial class PulseDuties
{
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

    private static bool IsIn(RosterAccount account, DeviceCertificate device) =>
        account.Devices.Any(other => PublicBytes.Equal(other.Leaf.Identity, device.Identity));

    /// <param name="UserId">Whose list.</param>
    /// <param name="IsNewer">Whether it is newer than the group's.</param>
    /// <param name="IsMissing">Whether key packages are to be claimed for devices that are not in the group.</param>
    /// <param name="Suite">The group's suite.</param>
    private sealed record Followed(string UserId, bool IsNewer, bool IsMissing, MlsSuite Suite);
}
