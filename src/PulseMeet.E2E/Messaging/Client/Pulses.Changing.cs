using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <content>What an app changes: it is prepared where the others are, stored, offered, and given up only with a reason.</content>
internal sealed partial class Pulses
{
    /// <summary>Makes a chat, and brings the accounts into it. It is durable when this returns, and goes on by itself.</summary>
    public async Task<PulseId> CreateAsync(string name, IEnumerable<string> userIds, PulseOptions options, CancellationToken cancellationToken)
    {
        _ = _core.Identity;
        GroupRights rights = options.Rights.ToGroup();
        await ConfirmAsync(cancellationToken).ConfigureAwait(false);
        string[] others = [.. userIds.Where(user => user != _core.Address.UserId).Distinct(StringComparer.Ordinal)];
        MlsSuite suite = await SuiteAsync(options, others, cancellationToken).ConfigureAwait(false);
        List<Invitee> invitees = [];
        (UserRecord own, List<byte[]> ownKeyPackages) = await _invitations
            .ClaimAsync(_core.Address.UserId, suite, _ => true, Standing.Accepted, cancellationToken).ConfigureAwait(false);
        if (ownKeyPackages.Count > 0)
        {
            invitees.Add(new Invitee(own.List.Encode(), ownKeyPackages));
        }

        foreach (string user in others)
        {
            invitees.Add(await _invitations.InviteAsync(user, suite, cancellationToken).ConfigureAwait(false));
        }

        PulseId id = await _core.ChangeAsync(
            [],
            async work =>
            {
                var group = PulseGroup.Create(await work.GroupDeviceAsync().ConfigureAwait(false), name, rights, suite, _core.Time);
                OpenPulse pulse = work.AddPulse(new PulseId(group.Id), new PulseRecord { Offer = PulseMessages.NewId(), StatedAt = work.Now }, group);
                if (invitees.Count > 0)
                {
                    PulseCommits.Prepare(pulse, new BringIntent(invitees));
                }

                work.WantPump();
                return pulse.Id;
            },
            cancellationToken).ConfigureAwait(false);
        try
        {
            using IDisposable round = await _core.Gates.EnterAsync([Gates.PulseRound(id)], cancellationToken).ConfigureAwait(false);
            await _commits.AdvanceAsync(id, isFresh: true, null, cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (exception.Reason == E2EError.RelayUnavailable || !IsOfAll(exception.Reason))
        {
            // It is stored, and goes up when the relay can be reached, and takes it.
        }

        return id;
    }

    public Task AddAsync(PulseId id, IReadOnlyCollection<string> userIds, CancellationToken cancellationToken) => ChangeAsync(
        id,
        async suite =>
        {
            var invitees = new List<Invitee>();
            foreach (string user in userIds.Distinct(StringComparer.Ordinal))
            {
                invitees.Add(await _invitations.InviteAsync(user, suite, cancellationToken).ConfigureAwait(false));
            }

            return new BringIntent(invitees);
        },
        cancellationToken);

    public Task BringBackAsync(PulseId id, string userId, CancellationToken cancellationToken) => ChangeAsync(
        id,
        async suite => new BringBackIntent(await _invitations.InviteAsync(userId, suite, cancellationToken).ConfigureAwait(false), []),
        cancellationToken);

    public Task ChangeAsync(PulseId id, GroupIntent intent, CancellationToken cancellationToken) =>
        ChangeAsync(id, _ => Task.FromResult(intent), cancellationToken);

    /// <summary>Asks to leave: another member commits it.</summary>
    public async Task LeaveAsync(PulseId id, CancellationToken cancellationToken)
    {
        _ = _core.Identity;
        await ConfirmAsync(cancellationToken).ConfigureAwait(false);
        using IDisposable round = await _core.Gates.EnterAsync([Gates.PulseRound(id)], cancellationToken).ConfigureAwait(false);
        await SettleAsync(id, cancellationToken).ConfigureAwait(false);
        await _core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                if (await work.PulseAsync(id).ConfigureAwait(false) is { Record: { IsOpen: true, IsStalled: true }, Group: { IsRemoved: false } } stalled)
                {
                    // No request of this device's reaches anybody.
                    await _commits.CloseAsync(work, stalled, _core.Address, hasLeft: true).ConfigureAwait(false);
                    return;
                }

                (OpenPulse pulse, PulseGroup group) = await IdleAsync(work, id).ConfigureAwait(false);
                _messages.AddRequest(work, pulse, group.Epoch, group.AskToLeave());
                pulse.Record.IsLeaving = true;
                pulse.Record.HasAsked = true;
                pulse.Change();
            },
            cancellationToken).ConfigureAwait(false);
        await _messages.DeliverAsync(id, cancellationToken).ConfigureAwait(false);
        await CloseAbandonedAsync(id, cancellationToken).ConfigureAwait(false);
    }

    private async Task<MlsSuite> SuiteAsync(PulseOptions options, string[] others, CancellationToken cancellationToken)
    {
        switch (options.Suite)
        {
            case PulseSuite.XWing:
                return MlsSuite.XWingAes256;
            case PulseSuite.X25519:
                return MlsSuite.X25519Aes128;
            default:
                int devices = 0;
                foreach (string user in others.Append(_core.Address.UserId))
                {
                    UserRecord? known = await _lists.RefreshAsync(user, Standing.Accepted, cancellationToken).ConfigureAwait(false);
                    devices += known?.List.Devices.Count ?? throw new E2EException(E2EError.UnknownDevice, "The relay knows no such user.");
                }

                return GroupSuites.For(Math.Max(devices, options.ExpectedDevices));
        }
    }

    private async Task ChangeAsync(PulseId id, Func<MlsSuite, Task<GroupIntent>> intend, CancellationToken cancellationToken)
    {
        _ = _core.Identity;
        await ConfirmAsync(cancellationToken).ConfigureAwait(false);
        using IDisposable round = await _core.Gates.EnterAsync([Gates.PulseRound(id)], cancellationToken).ConfigureAwait(false);
        await SettleAsync(id, cancellationToken).ConfigureAwait(false);
        MlsSuite suite = await _core.ChangeAsync(
            [Gates.Pulse(id)],
            async work => (await IdleAsync(work, id).ConfigureAwait(false)).Group.Suite,
            cancellationToken).ConfigureAwait(false);
        GroupIntent intent = await intend(suite).ConfigureAwait(false);
        bool isPrepared = await _core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                (OpenPulse pulse, PulseGroup group) = await IdleAsync(work, id).ConfigureAwait(false);
                if (intent is RoleIntent role && group.Roster.Find(role.UserId) is null)
                {
                    throw new E2EException(E2EError.UnknownDevice, "The user is not in the pulse chat.");
                }

                return PulseCommits.Prepare(pulse, intent is BringBackIntent back ? group.BringBack(back.Invitee) : intent);
            },
            cancellationToken).ConfigureAwait(false);
        if (!isPrepared)
        {
            return;
        }

        E2EError? dropped = null;
        bool isDone = await _commits.AdvanceAsync(id, isFresh: true, reason => dropped = reason, cancellationToken).ConfigureAwait(false);
        _core.Outgoing.Wake();
        if (dropped is { } refused)
        {
            throw new E2EException(refused, "The change was given up: another one came first, or it is larger than any relay takes.");
        }

        if (!isDone)
        {
            throw new E2EException(E2EError.RelayUnavailable, "The relay has not taken the change yet; it is stored, and goes up again.");
        }
    }

    /// <summary>Brings a chat to where the others are, before something is changed.</summary>
    private async Task SettleAsync(PulseId id, CancellationToken cancellationToken)
    {
        await _core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                if (await work.PulseAsync(id).ConfigureAwait(false) is { Record: { IsOpen: true } record })
                {
                    // What others have committed, whether or not word of it has come.
                    record.IsCatchUpWanted = true;
                }
            },
            cancellationToken).ConfigureAwait(false);
        await AdvanceAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A chat that can be changed now.</summary>
    private static async Task<(OpenPulse Pulse, PulseGroup Group)> IdleAsync(Work work, PulseId id)
    {
        OpenPulse pulse = await work.PulseAsync(id).ConfigureAwait(false)
            ?? throw new E2EException(E2EError.MlsGroupClosed, "This device is in no such pulse chat.");
        PulseGroup group = pulse.Require();
        if (pulse.Record.IsLeaving)
        {
            throw new E2EException(E2EError.NotAllowed, "The account has asked to leave.");
        }

        return pulse.Record is { IsRejoinWanted: false, IsStalled: false } && !group.HasPrepared && group.Unfinished is null
            ? (pulse, group)
            : throw new E2EException(E2EError.RelayUnavailable, "An earlier change of the pulse chat waits for the relay.");
    }
}
