using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Messaging;

/// <summary>Pulse chats in the client: what an app wants of them, and the rounds in which they go on by themselves.</summary>
/// <remarks>docs/protocol-groups.md, "Pulse chats in the client". A chat's state has a turn that is never held over a call of the relay; what
/// one chat does at the relay has another.</remarks>
internal sealed class Pulses
{
    private static readonly TimeSpan s_runInterval = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_stalledInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_leavingInterval = TimeSpan.FromHours(1);

    private readonly ClientCore _core;
    private readonly DeviceLists _lists;
    private readonly Controls _controls;
    private readonly PulseInvitations _invitations;
    private readonly PulseMessages _messages;
    private readonly PulseCommits _commits;
    private readonly PulseJoining _joining;
    private readonly PulseDuties _duties;
    private readonly PulseWords _words;
    private readonly Dictionary<PulseId, DateTimeOffset> _stalledAt = [];
    private readonly Dictionary<PulseId, DateTimeOffset> _leavingAt = [];
    private DateTimeOffset? _lastRun;

    public Pulses(ClientCore core, DeviceLists lists, Conversations conversations, Controls controls)
    {
        _core = core;
        _lists = lists;
        _controls = controls;
        Keys = new PulseKeys(core);
        _invitations = new PulseInvitations(core, lists);
        _messages = new PulseMessages(core);
        _commits = new PulseCommits(core, _messages);
        _joining = new PulseJoining(core, lists, Keys, _messages);
        _duties = new PulseDuties(core, lists, _invitations);
        _words = new PulseWords(core, lists, conversations);
    }

    public PulseKeys Keys { get; }

    public PulseWords Words => _words;

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

    public Task<MessageId> SendAsync(PulseId id, MessageContent content, CancellationToken cancellationToken) =>
        _messages.SendAsync(id, content, cancellationToken);

    /// <summary>The chats that this device is in.</summary>
    public async Task<IReadOnlyList<PulseId>> ReadAllAsync(bool withClosed, CancellationToken cancellationToken)
    {
        var all = new List<PulseId>();
        byte[] after = [];
        while (await _core.Store.ScanAsync(RecordKey.Pulses, after, default, 200, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            after = page[^1].Key.ToArray();
            all.AddRange(page.Where(item => withClosed || PulseRecord.Decode(item.Value).IsOpen).Select(item => RecordKey.ToPulse(item.Key.Span)));
        }

        return all;
    }

    public async Task<bool> IsKnownAsync(PulseId id, CancellationToken cancellationToken) =>
        await _core.Store.ReadAsync(RecordKey.Pulses, id.ToArray(), cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>The chat as it is now, by its own tree.</summary>
    public Task<PulseRoster> GetRosterAsync(PulseId id, CancellationToken cancellationToken) => _core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            OpenPulse pulse = await work.PulseAsync(id).ConfigureAwait(false) ?? throw new E2EException(E2EError.MlsGroupClosed);
            PulseGroup group = pulse.Group ?? throw new E2EException(E2EError.MlsGroupClosed);
            bool isClosed = !pulse.Record.IsOpen || group.IsRemoved;
            var members = new List<PulseMember>();
            var contacts = new List<ContactVerification>();
            IEnumerable<RosterAccount> accounts = isClosed ? [] : group.Roster.Accounts;
            foreach (RosterAccount account in accounts.OrderBy(account => account.UserId, StringComparer.Ordinal))
            {
                var key = new Keys.Ed25519PublicKey(account.AccountKey);
                UserRecord? user = await work.UserAsync(account.UserId).ConfigureAwait(false);
                ContactVerification contact = user?.Contact.Observe(key, work.Now)
                    ?? ContactVerification.FirstSeen(new AccountIdentity(account.UserId, key), work.Now);
                bool isSelf = account.UserId == _core.Address.UserId;
                if (!isSelf)
                {
                    contacts.Add(contact);
                }

                members.Add(new PulseMember(
                    account.UserId,
                    (PulseRole)group.Data.RoleOf(account.UserId),
                    [.. account.Devices.Select(device => device.Leaf.Address.DeviceId).Order(StringComparer.Ordinal)],
                    isSelf || contact.State == VerificationState.Verified,
                    isSelf));
            }

            PulseSuite suite = group.Suite == MlsSuite.X25519Aes128 ? PulseSuite.X25519 : PulseSuite.XWing;
            return new PulseRoster(group.Data.Name, PulseRights.Of(group.Data.Rights), suite, members, new MemberVerification(contacts), isClosed);
        },
        cancellationToken);

    /// <summary>Takes what came for a group; for whoever has the turns of <see cref="TurnsOf"/>.</summary>
    public async Task OpenAsync(Work work, MailboxItem item)
    {
        if (PulseId.Find(item.GroupId.Span) is not { } id)
        {
            work.AddEvent(new MessageUnreadable(item.Sender, E2EError.InvalidEncoding, isAskedForAgain: false));
            return;
        }

        switch (item.Kind)
        {
            case MailboxItemKind.GroupMessage:
                await _messages.OpenAsync(work, id, item.Sender, item.Content).ConfigureAwait(false);
                break;
            case MailboxItemKind.GroupCommit:
                // Its place among the candidates counts, and only the relay's list has that.
                if (await work.PulseAsync(id).ConfigureAwait(false) is { Record.IsOpen: true } pulse)
                {
                    pulse.Record.IsCatchUpWanted = true;
                    work.WantPump();
                }

                break;
            default:
                if (await work.CountAsync(RecordKey.Welcomes, [], WelcomeRecord.Max).ConfigureAwait(false) >= WelcomeRecord.Max
                    && !await _joining.TryMakeRoomAsync(work).ConfigureAwait(false))
                {
                    work.AddEvent(new PulseMessageUnreadable(id, item.Sender, E2EError.LimitExceeded));
                    break;
                }

                var welcome = new WelcomeRecord(id, item.Sender, work.Now, item.Content.ToArray());
                work.Put(RecordKey.Welcomes, RecordKey.Of(_core.Sequence.Next()), welcome.Encode());
                work.Invitations.Add(id);
                work.WantPump();
                break;
        }
    }

    /// <summary>The turns that are needed for what came.</summary>
    public static IEnumerable<string> TurnsOf(IEnumerable<MailboxItem> items) =>
        items.Where(IsOfGroup).Select(item => PulseId.Find(item.GroupId.Span)).OfType<PulseId>().Select(Gates.Pulse);

    public static bool IsOfGroup(MailboxItem item) =>
        item.Kind is MailboxItemKind.GroupMessage or MailboxItemKind.GroupCommit or MailboxItemKind.Welcome;

    /// <summary>Wakes the pump where a round is due by time.</summary>
    public void WakeWhenDue()
    {
        DateTimeOffset now = _core.Time.GetUtcNow();
        if (_lastRun is not { } last || now - last >= s_runInterval || last > now)
        {
            _core.Outgoing.Wake();
        }
    }

    /// <summary>One round over all chats: takes what came, does what is due, seals and sends what waits.</summary>
    /// <returns>Whether nothing waits any more that could be done now.</returns>
    /// <exception cref="E2EException">The relay cannot be reached; or it refuses, or talks nonsense, about one of the chats, after the
    /// others had their turn.</exception>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        using IDisposable turn = await _core.Gates.EnterAsync([Gates.Pulses], cancellationToken).ConfigureAwait(false);
        _lastRun = _core.Time.GetUtcNow();
        if (!await IsAnythingThereAsync(cancellationToken).ConfigureAwait(false) || !await IsListedAsync(cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        await ConfirmAsync(cancellationToken).ConfigureAwait(false);
        await _words.TakeAsync(cancellationToken).ConfigureAwait(false);
        await FollowHintsAsync(cancellationToken).ConfigureAwait(false);
        var refusals = new List<E2EException>();
        bool isDone = await RoundAsync(refusals, cancellationToken).ConfigureAwait(false);
        if (await _core.Store.IsAnyAsync(RecordKey.Welcomes, default, cancellationToken).ConfigureAwait(false))
        {
            isDone &= await _joining.TakeWelcomesAsync(cancellationToken).ConfigureAwait(false);
            isDone &= await RoundAsync(refusals, cancellationToken).ConfigureAwait(false);
        }

        await _words.SayAsync(cancellationToken).ConfigureAwait(false);
        return refusals.Count == 0 ? isDone : throw new E2EException(refusals[0].Reason, "About a pulse chat.", refusals[0]);
    }

    /// <summary>Deletes what is past its age. Once a day.</summary>
    public async Task DropOldAsync(CancellationToken cancellationToken)
    {
        await Keys.DropOldAsync(cancellationToken).ConfigureAwait(false);
        await _joining.DropOldAsync(cancellationToken).ConfigureAwait(false);
        foreach (PulseId id in await ReadAllAsync(withClosed: true, cancellationToken).ConfigureAwait(false))
        {
            await _core.ChangeAsync([Gates.Pulse(id)], work => DropOldAsync(work, id), cancellationToken).ConfigureAwait(false);
            await _joining.UseUpAsync(id, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Asks the relay which revision it was told, where that is not known since the store was opened.</summary>
    private async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        if (_core.IsRevisionConfirmed)
        {
            return;
        }

        // Not beside whoever receives: what one of both notices is done before the other confirms.
        using IDisposable turn = await _core.Gates.EnterAsync([Gates.Mailbox], cancellationToken).ConfigureAwait(false);
        if (!_core.IsRevisionConfirmed)
        {
            MailboxPage page = await _core.Relay
                .ReceiveAsync(new MailboxRequest(1, TimeSpan.Zero, _core.ToldRevision, []), cancellationToken).ConfigureAwait(false);
            await _controls.NoticeRollbackAsync(page.HighestStoreRevision, cancellationToken).ConfigureAwait(false);
            _core.IsRevisionConfirmed = true;
        }
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

                return PulseCommits.Prepare(pulse, intent);
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

    private async Task<bool> IsAnythingThereAsync(CancellationToken cancellationToken)
    {
        foreach (byte table in new[] { RecordKey.Pulses, RecordKey.Welcomes, RecordKey.PulseWords, RecordKey.PulseSays })
        {
            if (await _core.Store.IsAnyAsync(table, default, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }
        }

        return false;
    }

    private async Task<bool> IsListedAsync(CancellationToken cancellationToken)
    {
        OpenedRecord? bytes = await _core.Store
            .ReadAsync(RecordKey.Users, RecordKey.Of(_core.Address.UserId), cancellationToken).ConfigureAwait(false);
        DeviceCertificate? listed = bytes is null
            ? null
            : _core.Users.Decode(_core.Address.UserId, bytes.Value).List.Find(_core.Address.DeviceId);
        return listed is not null && listed.IsSameDevice(_core.Identity.Certificate);
    }

    /// <summary>Asks for lists that somebody's message was sent by and that are not known here.</summary>
    private async Task FollowHintsAsync(CancellationToken cancellationToken)
    {
        foreach ((string userId, long number) in _core.ListHints.ToArray())
        {
            OpenedRecord? bytes = await _core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(userId), cancellationToken).ConfigureAwait(false);
            if (bytes is null || _core.Users.Decode(userId, bytes.Value).List.Number < number)
            {
                try
                {
                    await _lists.RefreshAsync(userId, Standing.Unanswered, cancellationToken).ConfigureAwait(false);
                }
                catch (E2EException exception) when (!IsOfAll(exception.Reason))
                {
                    // A list that is not in order: what is known of the account stays, and no chat waits for it.
                }
            }

            _core.ListHints.TryRemove(userId, out _);
        }
    }

    private async Task<bool> RoundAsync(List<E2EException> refusals, CancellationToken cancellationToken)
    {
        bool isDone = true;
        foreach (PulseId id in await ReadAllAsync(withClosed: false, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                isDone &= await RoundAsync(id, cancellationToken).ConfigureAwait(false);
            }
            catch (E2EException exception) when (!IsOfAll(exception.Reason))
            {
                refusals.Add(exception);
            }
        }

        return isDone;
    }

    private async Task<bool> RoundAsync(PulseId id, CancellationToken cancellationToken)
    {
        using IDisposable round = await _core.Gates.EnterAsync([Gates.PulseRound(id)], cancellationToken).ConfigureAwait(false);
        await CloseForeignAsync(id, cancellationToken).ConfigureAwait(false);
        E2EException? refused = null;
        bool isDone = false;
        try
        {
            isDone = await FollowAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (!IsOfAll(exception.Reason))
        {
            // What is written is sealed and sent all the same.
            refused = exception;
        }

        await _joining.UseUpAsync(id, cancellationToken).ConfigureAwait(false);
        await _words.StateAsync(id, cancellationToken).ConfigureAwait(false);
        await _words.NameGapsAsync(id, cancellationToken).ConfigureAwait(false);
        while (await _messages.SealWaitingAsync(id, cancellationToken).ConfigureAwait(false))
        {
        }

        isDone &= await _messages.DeliverAsync(id, cancellationToken).ConfigureAwait(false);
        await CloseAbandonedAsync(id, cancellationToken).ConfigureAwait(false);
        return refused is null ? isDone : throw refused;
    }

    /// <summary>Takes what others have committed, and does what is due.</summary>
    private async Task<bool> FollowAsync(PulseId id, CancellationToken cancellationToken)
    {
        await LookForDepartureAsync(id, cancellationToken).ConfigureAwait(false);
        bool isDone = await AdvanceAsync(id, cancellationToken).ConfigureAwait(false);
        if (_commits.MayOffer(id) && await _duties.PrepareAsync(id, cancellationToken).ConfigureAwait(false))
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

    private async Task DropOldAsync(Work work, PulseId id)
    {
        byte[] prefix = id.ToArray();
        foreach (OpenedRecord item in await _core.Store.ScanAsync(RecordKey.PulseSent, default, prefix, 10_000).ConfigureAwait(false))
        {
            PulseSentRecord sent = PulseSentRecord.Decode(item.Value);
            if (sent.PendingSequence == 0 && (work.Now - sent.Draft.Time).Duration() >= SentRecord.MaxAge)
            {
                work.Delete(RecordKey.PulseSent, item.Key.ToArray());
            }
        }

        if (await work.PulseAsync(id).ConfigureAwait(false) is not { Group: { } group } pulse)
        {
            return;
        }

        if (pulse.Record.ClosedAt is { } closedAt && (work.Now - closedAt).Duration() >= GroupBounds.Default.MaxAge)
        {
            // Nothing that came before opens any more.
            pulse.Replaced.Add(group);
            pulse.Group = null;
            work.Delete(RecordKey.PulseEpochs, prefix);
            work.Delete(RecordKey.PulseRatchets, prefix);
            return;
        }

        group.Expire();
        pulse.Change();
    }

    private static bool IsOfAll(E2EError reason) => reason is E2EError.RelayUnavailable or E2EError.StoreFailed
        or E2EError.StoreInUse or E2EError.StoreDamaged or E2EError.StoreConflict;
}
