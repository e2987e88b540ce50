using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Messaging;

/// <summary>Opens what the relay brings. A page of it is one batch: sessions, used prekeys, what the app is told, and the ids that
/// the relay may forget then.</summary>
/// <remarks>Nothing that the relay says is believed: its word for the sender says only whose sessions are tried. What cannot be read
/// becomes an event, and the next item is read. One page at a time.</remarks>
internal sealed partial class Receiver(ClientCore core, DeviceLists lists, Conversations conversations, Controls controls, Pulses pulses)
    : IDisposable
{
    /// <summary>The most items of one page.</summary>
    public const int Page = 100;

    private readonly QueueWatch _watch = new(core, "inbox", RecordKey.Inbox);
    private readonly EarlyItems _early = new(core.Time);
    private readonly Requests _requests = new(core, conversations);

    public void Dispose() => _watch.Dispose();

    /// <summary>Receives one page, waits for it where nothing is there, and acknowledges what is durable.</summary>
    /// <param name="wait">At most this long.</param>
    /// <param name="waiting">Ends the waiting at the relay alone: what has come is taken.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>How many items came; -1 where too many events wait.</returns>
    /// <exception cref="E2EException">The relay cannot be reached.</exception>
    public async Task<int> ReceiveAsync(TimeSpan wait, CancellationToken waiting, CancellationToken cancellationToken)
    {
        using IDisposable turn = await EnterAsync(isUrgent: wait == TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        if (await IsFullAsync(cancellationToken).ConfigureAwait(false))
        {
            return -1;
        }

        await AcknowledgeAsync(cancellationToken).ConfigureAwait(false);
        await _early.LoadAsync(core.Store, cancellationToken).ConfigureAwait(false);
        long[] except = _early.Waiting;
        MailboxPage page = await controls.ReceiveAsync(new MailboxRequest(Page, wait, 0, except), waiting, cancellationToken).ConfigureAwait(false);
        _early.Answered(except, page.Items);
        EarlyItems.Before left = _early.Begin();
        try
        {
            await PushAsync([.. page.Items.Take(Page)], cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // What the app was to be told has not become durable: it is told the next time.
            _early.Restore(left);
            throw;
        }

        await GivingWay.OnceAsync().ConfigureAwait(false);
        await AcknowledgeAsync(cancellationToken).ConfigureAwait(false);
        await _watch.LookAsync(cancellationToken).ConfigureAwait(false);
        return page.Items.Count;
    }

    /// <summary>Opens items that the app has brought, unless too many events wait.</summary>
    /// <exception cref="E2EException">They do (<see cref="E2EError.LimitExceeded"/>): nothing was taken.</exception>
    public async Task BringAsync(IReadOnlyList<MailboxItem> items, CancellationToken cancellationToken)
    {
        using IDisposable turn = await EnterAsync(isUrgent: true, cancellationToken).ConfigureAwait(false);
        if (await IsFullAsync(cancellationToken).ConfigureAwait(false))
        {
            throw new E2EException(E2EError.LimitExceeded, "Too many events wait to be read.");
        }

        await PushAsync(items, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens items that came in whichever way; when this returns, what they said is durable. For whoever has the mailbox's turn.</summary>
    public async Task PushAsync(IReadOnlyList<MailboxItem> items, CancellationToken cancellationToken)
    {
        if (items.Count == 0)
        {
            return;
        }

        var strangers = new HashSet<string>(StringComparer.Ordinal);
        IReadOnlySet<string> early = await FetchListsAsync(items, strangers, cancellationToken).ConfigureAwait(false);
        Turn[] turns =
        [
            Gates.PreKeys,
            Gates.User(core.Address.UserId),
            .. items.Select(item => Gates.User(item.Sender.UserId)),
            .. Pulses.TurnsOf(items),
        ];
        var signals = new List<SignalReceived>();
        await core.ChangeAsync(
            turns,
            async work =>
            {
                await OpenAsync(work, items, early, signals).ConfigureAwait(false);
                await ForgetUnheardAsync(work, strangers).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        await _requests.TrimAsync(cancellationToken).ConfigureAwait(false);
        foreach (SignalReceived signal in signals)
        {
            core.Signals.Writer.TryWrite(signal);
            core.Incoming.Wake();
        }
    }

    /// <summary>Waits for the mailbox's turn.</summary>
    /// <param name="isUrgent">Whether one who waits at the relay lets go of it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    private Task<IDisposable> EnterAsync(bool isUrgent, CancellationToken cancellationToken)
    {
        Task<IDisposable> entering = core.Gates.EnterAsync([Gates.Mailbox], cancellationToken);
        if (isUrgent)
        {
            core.Incoming.Wake();
        }

        return entering;
    }

    /// <summary>Whether so many events wait that nothing is received.</summary>
    private async Task<bool> IsFullAsync(CancellationToken cancellationToken) => (await core.Store
        .ScanKeysAsync(RecordKey.Inbox, default, default, ClientCore.MaxInbox, null, cancellationToken).ConfigureAwait(false))
        .Count >= ClientCore.MaxInbox;

    private async Task OpenAsync(Work work, IReadOnlyList<MailboxItem> items, IReadOnlySet<string> early, List<SignalReceived> signals)
    {
        var arrived = new Dictionary<StreamName, RangeSet>();
        UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
        foreach (MailboxItem item in items)
        {
            if (_early.IsRefused(item.Id))
            {
                continue;
            }

            await OpenAsync(work, own, item, early, arrived, signals, _early.Take(item.Id)).ConfigureAwait(false);
            if (item.Id > 0 && !_early.Has(item.Id))
            {
                work.Put(RecordKey.Taken, RecordKey.Of(item.Id), []);
                _early.Forget(work, item.Id);
            }

            await GivingWay.OnceAsync().ConfigureAwait(false);
        }

        await controls.TellDeliveredAsync(work, arrived).ConfigureAwait(false);
    }

    /// <summary>Tells the relay what it may forget: what is durable here.</summary>
    private async Task AcknowledgeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            IReadOnlyList<ReadOnlyMemory<byte>> taken = await core.Store.ScanKeysAsync(
                RecordKey.Taken, default, default, 1000, key => !core.Leftovers.Contains(RecordKey.Taken, key.Span), cancellationToken).ConfigureAwait(false);
            long[] ids = [.. taken.Select(key => RecordKey.ToNumber(key.Span))];
            if (ids.Length == 0)
            {
                return;
            }

            await core.Relay.AcknowledgeAsync(ids, cancellationToken).ConfigureAwait(false);
            if (core.Leftovers.TryAdd(RecordKey.Taken, [.. ids.Select(id => RecordKey.Of(id))]))
            {
                continue;
            }

            await core.ChangeAsync(
                [],
                work =>
                {
                    foreach (long id in ids)
                    {
                        work.Delete(RecordKey.Taken, RecordKey.Of(id));
                    }

                    return Task.CompletedTask;
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Asks for the lists of senders who are not known, or whose device is not on the list that is: before any turn is
    /// taken, and once for a user in a page, however many devices the relay invents.</summary>
    /// <param name="items">What came.</param>
    /// <param name="strangers">Gets the users who are known by this alone.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The users whose lists are of a clock that is ahead of this one.</returns>
    private async Task<IReadOnlySet<string>> FetchListsAsync(
        IReadOnlyList<MailboxItem> items, HashSet<string> strangers, CancellationToken cancellationToken)
    {
        var asked = new HashSet<string>(StringComparer.Ordinal);
        var early = new HashSet<string>(StringComparer.Ordinal);
        foreach (DeviceAddress sender in items.Where(item => !Pulses.IsOfGroup(item)).Select(item => item.Sender).Distinct())
        {
            OpenedRecord? bytes = await core.Store
                .ReadAsync(RecordKey.Users, RecordKey.Of(sender.UserId), cancellationToken).ConfigureAwait(false);
            UserRecord? user = bytes is null ? null : core.Users.Decode(sender.UserId, bytes.Value);
            bool isOther = user is not null && items.Any(item => item.Sender == sender && !IsListed(user, item));
            if ((user is null || isOther || user.IsRefreshWanted) && user?.Standing != Standing.Blocked && asked.Add(sender.UserId))
            {
                try
                {
                    if (user is null)
                    {
                        strangers.Add(sender.UserId);
                    }

                    if (await lists.RefreshAsync(sender.UserId, Standing.Unanswered, cancellationToken).ConfigureAwait(false) is { IsRefreshWanted: true })
                    {
                        early.Add(sender.UserId);
                    }
                }
                catch (E2EException exception) when (user is null && exception.Reason is not (E2EError.RelayUnavailable
                    or E2EError.UnknownDevice or E2EError.StoreFailed or E2EError.StoreInUse or E2EError.StoreDamaged or E2EError.StoreConflict))
                {
                    // A list that is not in order: the sender stays unknown, and so do the messages.
                    early.UnionWith(exception.Reason == E2EError.Expired ? [sender.UserId] : []);
                }
            }
        }

        return early;
    }

    /// <summary>Whoever nothing was opened of is not known, whatever the relay put under his name: it could name any number of users, and keep each of them from
    /// being somebody whom nobody has heard of yet.</summary>
    private static async Task ForgetUnheardAsync(Work work, HashSet<string> strangers)
    {
        foreach (string userId in strangers)
        {
            if (await work.UserAsync(userId).ConfigureAwait(false) is not { Standing: Standing.Unanswered } user
                || user.Contact.State == VerificationState.Verified)
            {
                continue;
            }

            bool isHeard = false;
            foreach (DeviceCertificate device in user.List.Devices)
            {
                isHeard |= (await work.PeerAsync(device).ConfigureAwait(false)).Book.Active is not null;
            }

            if (!isHeard)
            {
                work.ForgetUser(userId);
            }
        }
    }

    /// <summary>Whether the list that is known has the sending device, with the keys that a first message shows.</summary>
    private static bool IsListed(UserRecord user, MailboxItem item)
    {
        if (user.List.Find(item.Sender.DeviceId) is not { } listed)
        {
            return false;
        }

        try
        {
            ReadOnlyMemory<byte> message = SealedEnvelope.Decode(SealedEnvelope.Stored, item.Content);
            return !RatchetSession.IsFirstMessage(message.Span) || IsSameDevice(message.Span, listed);
        }
        catch (E2EException)
        {
            return true;
        }
    }
}
