using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>How a device notices that its store was put back, and what it does then.</content>
internal sealed partial class Controls
{
    /// <summary>No store gets there: a relay that says so lies.</summary>
    private const long MaxRevision = 1L << 60;

    /// <summary>A relay that lies about revisions makes this device begin anew this often, and no more.</summary>
    private static readonly TimeSpan s_rollbackPause = TimeSpan.FromHours(1);

    private DateTimeOffset? _lastRollback;

    /// <summary>Asks for a page of the mailbox, and tells the relay the store's revision with it. The first time after an opening it is told the one of then
    /// alone, by which it shows that the store is an old copy; and then, at once, a later one, so that a copy of before the opening shows from now on. For
    /// whoever has the mailbox's turn.</summary>
    /// <param name="request">What is asked for; its revision does not count, nor does its wait while it is not known whether the store is an old copy.</param>
    /// <param name="waiting">Ends the waiting at the relay alone.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<MailboxPage> ReceiveAsync(MailboxRequest request, CancellationToken waiting, CancellationToken cancellationToken)
    {
        if (core.OpenedAt is not null && !core.IsRevisionConfirmed)
        {
            await TellRevisionAsync(new MailboxRequest(1, TimeSpan.Zero, 0, []), waiting, cancellationToken).ConfigureAwait(false);
        }

        TimeSpan wait = core.IsOwnStreamUsed ? request.Wait : TimeSpan.Zero;
        MailboxPage page = await TellRevisionAsync(request with { Wait = wait }, waiting, cancellationToken).ConfigureAwait(false);
        core.IsRevisionConfirmed = true;
        await LeaveStreamOfTheFutureAsync().ConfigureAwait(false);
        return page;
    }

    /// <summary>Where the clock was set back far behind the time of the device's own stream, another one is begun: whoever hears of this device first by a
    /// message that is older than a stream takes all of that for his.</summary>
    private async Task LeaveStreamOfTheFutureAsync()
    {
        DateTimeOffset now = core.Time.GetUtcNow();
        if (!core.IsOwnStreamUsed || StreamId.BegunAt(core.StreamId) - now.ToUnixTimeMilliseconds() <= Conversations.MaxCorrection.TotalMilliseconds)
        {
            return;
        }

        using IDisposable turn = await core.Gates
            .EnterAsync([Gates.User(core.Address.UserId), Gates.PreKeys], CancellationToken.None).ConfigureAwait(false);
        await core.ChangeAsync(
            [],
            async work =>
            {
                await EndStreamAsync(work).ConfigureAwait(false);
                ClientCore.PutStream(work, StreamId.New(now));
            },
            CancellationToken.None).ConfigureAwait(false);
        await core.LoadAsync(CancellationToken.None).ConfigureAwait(false);
    }

    private async Task<MailboxPage> TellRevisionAsync(MailboxRequest request, CancellationToken waiting, CancellationToken cancellationToken)
    {
        long told = core.ToldRevision;
        MailboxPage page = await core.Relay.ReceiveAsync(request with { StoreRevision = told }, waiting).ConfigureAwait(false);
        await NoticeRollbackAsync(told, page.HighestStoreRevision, cancellationToken).ConfigureAwait(false);
        return page;
    }

    /// <summary>Looks whether the relay was told a higher revision than the store has: then it was rolled back, and everything that is
    /// sent from now on goes by new sessions, in a new stream.</summary>
    /// <param name="told">What the relay was told just now.</param>
    /// <param name="highestTold">What the relay says that it was told at most.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    private async Task NoticeRollbackAsync(long told, long highestTold, CancellationToken cancellationToken)
    {
        DateTimeOffset now = core.Time.GetUtcNow();
        bool isSoon = _lastRollback is { } last && now - last < s_rollbackPause && last <= now;
        if (highestTold == told)
        {
            await core.ConfirmAsync(cancellationToken).ConfigureAwait(false);
        }

        if (highestTold <= told)
        {
            // Less than it was just told is not the highest: it is no confirmation.
            return;
        }

        if (highestTold > MaxRevision || isSoon)
        {
            return;
        }

        // Once begun, it is done whole: what is confirmed afterwards rests on it.
        var device = new List<DeviceAddress>();
        byte[] after = [];
        while (await core.Store.ScanKeysAsync(RecordKey.Peers, after, default, 500, null, CancellationToken.None).ConfigureAwait(false) is { Count: > 0 } page)
        {
            device.AddRange(page.Select(key => RecordKey.ToDevice(key.Span)));
            after = page[^1].ToArray();
        }

        await PulseRollback.MarkAsync(core, CancellationToken.None).ConfigureAwait(false);
        Turn[] turns = [.. device.Select(peer => Gates.User(peer.UserId)), Gates.User(core.Address.UserId), Gates.PreKeys];
        using IDisposable turn = await core.Gates.EnterAsync(turns, CancellationToken.None).ConfigureAwait(false);
        await core.ChangeAsync(
            [],
            async work =>
            {
                foreach (DeviceAddress peer in device)
                {
                    (await work.PeerAsync(peer).ConfigureAwait(false)).IsRenewalWanted = true;
                }

                await EndStreamAsync(work).ConfigureAwait(false);
                await WantTailsSaidAsync(work).ConfigureAwait(false);
                ClientCore.PutStream(work, StreamId.New(now));
                ClientCore.PutRevisionOffset(work, Math.Max(core.RevisionOffset, highestTold - core.Store.Revision + 1));
                work.AddEvent(new StoreRolledBack());
            },
            CancellationToken.None).ConfigureAwait(false);
        await core.LoadAsync(CancellationToken.None).ConfigureAwait(false);
        _lastRollback = now;
    }

    /// <summary>What was written since the opening lies in sessions that repeat themselves, and looks like what had come before. Whoever may not
    /// have taken it begins to miss it in a new session, also where the app writes nothing more.</summary>
    private async Task WantTailsSaidAsync(Work work)
    {
        var targets = new HashSet<DeviceAddress>();
        foreach (OpenedRecord other in await core.Store.ScanAsync(RecordKey.OtherStreams, default, default, 1000).ConfigureAwait(false))
        {
            var reader = new Encoding.SpanReader(other.Key.Span);
            ConversationName conversation = ConversationName.Read(ref reader);
            var stream = new StreamName(core.Address, reader.ReadId(), conversation);
            IReadOnlyList<OpenedRecord> kept = await core.Store
                .ScanAsync(RecordKey.Sent, default, RecordKey.Of(stream), Conversations.MaxWaiting).ConfigureAwait(false);
            targets.UnionWith(kept.SelectMany(record => SentRecord.Decode(record.Value).Targets)
                .Where(target => target.IsSealed && !target.IsDelivered)
                .Select(target => target.Device));
        }

        foreach (DeviceAddress target in targets)
        {
            await WantRepairAsync(work, target, null).ConfigureAwait(false);
        }
    }

    /// <summary>The stream that was the device's own goes among the others: how far it has counted is repeated until its last message is
    /// there.</summary>
    private async Task EndStreamAsync(Work work)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.OutgoingStreams, after, default, 500).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord record in page)
            {
                var reader = new Encoding.SpanReader(record.Key.Span);
                ConversationName conversation = ConversationName.Read(ref reader);
                if (await work.HighestAsync(conversation).ConfigureAwait(false) is > 0 and var highest)
                {
                    work.PutOtherStream(conversation, core.StreamId, highest);
                }
            }

            after = page[^1].Key.ToArray();
        }
    }
}
