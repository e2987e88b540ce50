using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>What devices say to each other without the app: what arrived, what is missing, what will not come, and that a session had
/// to be begun anew.</summary>
/// <remarks>docs/protocol-messaging.md, "Resending" and "Sessions". Everything that a peer can ask for is bounded per device and
/// time.</remarks>
internal sealed class Controls(ClientCore core, Conversations conversations)
{
    /// <summary>How many numbers of one request are looked at.</summary>
    private const int MaxNumbersPerRequest = 1000;

    /// <summary>No store gets there: a relay that says so lies.</summary>
    private const long MaxRevision = 1L << 60;

    /// <summary>A relay that lies about revisions makes this device begin anew this often, and no more.</summary>
    private static readonly TimeSpan s_rollbackPause = TimeSpan.FromHours(1);

    /// <summary>How long a request that could not be made waits: for a session, or for the clock to move.</summary>
    private static readonly TimeSpan s_untilAsked = TimeSpan.FromMinutes(1);

    private DateTimeOffset? _lastRollback;

    public async Task HandleAsync(Work work, UserRecord own, UserRecord user, DeviceCertificate sender, Opened opened)
    {
        SealedContent content = opened.Content;
        switch (content.Type)
        {
            case ContentType.Delivered:
                await ForgetAsync(work, sender, content, ResendNames.Decode(content.Body.Span)).ConfigureAwait(false);
                break;
            case ContentType.ResendRequest:
                await AnswerAsync(work, own, user, sender, content, ResendNames.Decode(content.Body.Span)).ConfigureAwait(false);
                break;
            case ContentType.Unavailable:
                await LoseAsync(work, sender, content, ResendNames.Decode(content.Body.Span)).ConfigureAwait(false);
                break;
            case ContentType.Repair when opened.IsNewSession:
                await RepairedAsync(work, user, sender, opened.Session).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>Says to every device that wrote what arrived of it. To nobody who was not accepted.</summary>
    public async Task TellDeliveredAsync(Work work, IReadOnlyDictionary<StreamName, RangeSet> arrived)
    {
        UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
        foreach ((StreamName stream, RangeSet numbers) in arrived)
        {
            UserRecord? user = await work.UserAsync(stream.Sender.UserId).ConfigureAwait(false);
            if (user is not { Standing: Standing.Accepted } || user.List.Find(stream.Sender.DeviceId) is not { } device)
            {
                continue;
            }

            foreach (NumberRange[] ranges in numbers.Ranges.Chunk(ResendNames.MaxRanges))
            {
                byte[] body = new ResendNames(stream.StreamId, ranges, []).Encode();
                await work.TrySealAsync(
                    own, user, device, conversations.Control(stream.Conversation, ContentType.Delivered, body)).ConfigureAwait(false);
            }

            await conversations.RepeatTailsAsync(work, own, user, device, stream.Conversation, default).ConfigureAwait(false);
        }
    }

    /// <summary>Notes that a device is to be asked again for an envelope, in a new session.</summary>
    /// <returns>Whether there was room.</returns>
    public static async Task<bool> WantRepairAsync(Work work, DeviceAddress device, MessageId? envelope)
    {
        byte[] key = RecordKey.Of(device);
        byte[]? bytes = await work.ReadAsync(RecordKey.Repairs, key).ConfigureAwait(false);
        List<MessageId> envelopes = bytes is null ? [] : [.. RepairRecord.Decode(bytes).Envelopes];
        if (envelope is { } id)
        {
            if (envelopes.Count >= ResendNames.MaxEnvelopes)
            {
                return false;
            }

            envelopes.Add(id);
        }

        work.Put(RecordKey.Repairs, key, new RepairRecord(IsNewSession: true, envelopes).Encode());
        work.WantPump();
        return true;
    }

    /// <summary>Compares the lists that a sender went by with those that are known here.</summary>
    public static async Task CompareListsAsync(Work work, UserRecord own, UserRecord user, SealedContent content)
    {
        await CompareAsync(work, user, content.SenderList).ConfigureAwait(false);
        if (own.UserId != user.UserId)
        {
            await CompareAsync(work, own, content.RecipientList).ConfigureAwait(false);
        }
    }

    /// <summary>Looks whether the relay was told a higher revision than the store has: then it was rolled back, and everything that is
    /// sent from now on goes by new sessions, in a new stream.</summary>
    /// <param name="highestTold">What the relay says that it was told.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task NoticeRollbackAsync(long highestTold, CancellationToken cancellationToken)
    {
        DateTimeOffset now = core.Time.GetUtcNow();
        bool isSoon = _lastRollback is { } last && now - last < s_rollbackPause && last <= now;
        long told = core.ToldRevision;
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
        await core.ChangeAsync(
            device.Select(peer => Gates.User(peer.UserId)).Append(Gates.User(core.Address.UserId)),
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

    /// <summary>Names the numbers that have been missing for a while, asks for them, asks again for what did not come, and gives up what
    /// was asked for often enough. A request can be lost, and so can its answer.</summary>
    /// <returns>When there is more to do, if nothing else happens; null where nothing is missing. Later than now.</returns>
    public async Task<DateTimeOffset?> NameGapsAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset? next = null;
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.Gaps, after, default, 100, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord record in page)
            {
                DateTimeOffset? due = await LookAtAsync(ReadName(record.Value), cancellationToken).ConfigureAwait(false);
                next = due < next ? due : next ?? due;
            }

            after = page[^1].Key.ToArray();
        }

        return next;
    }

    /// <summary>Looks at a stream with a gap. What is not due is read and left alone: it costs no batch.</summary>
    private async Task<DateTimeOffset?> LookAtAsync(StreamName name, CancellationToken cancellationToken)
    {
        OpenedRecord? stored = await core.Store
            .ReadAsync(RecordKey.IncomingStreams, RecordKey.Of(name), cancellationToken).ConfigureAwait(false);
        DateTimeOffset now = core.Time.GetUtcNow();
        if (stored is null || IncomingStream.Decode(stored.Value).DueAt(now, core.Options.GapDelay) is not { } due)
        {
            return null;
        }

        return due > now ? due : await core.ChangeAsync(
            conversations.Turns(name.Sender.UserId), work => NameGapsAsync(work, name), cancellationToken).ConfigureAwait(false);
    }

    private async Task<DateTimeOffset?> NameGapsAsync(Work work, StreamName name)
    {
        IncomingStream stream = await work.IncomingAsync(name).ConfigureAwait(false);
        UserRecord? user = await work.UserAsync(name.Sender.UserId).ConfigureAwait(false);
        if (user is not { Standing: Standing.Accepted } || user.Contact.IsChangePending)
        {
            // Looked at again when something happens: nobody is asked who was not accepted.
            return null;
        }

        TimeSpan delay = core.Options.GapDelay;
        ulong lost = stream.IsGivenUp(work.Now) ? Count(stream.GiveUp()) : 0;
        if (user.List.Find(name.Sender.DeviceId) is not { } device)
        {
            lost += Count(stream.GiveUpAll());
        }
        else if (stream.IsDue(work.Now, delay) && !await AskAsync(work, user, device, name, stream).ConfigureAwait(false))
        {
            // Asked once there is a session again.
            await WantRepairAsync(work, device.Address, null).ConfigureAwait(false);
            TellMissing(work, name, lost, isLost: true);
            return work.Now + s_untilAsked;
        }
        else if (stream.IsNamingDue(work.Now, delay))
        {
            TellMissing(work, name, Count(stream.Name(work.Now, out IReadOnlyList<NumberRange> dropped)), isLost: false);
            lost += Count(dropped);
        }
        else if (stream.IsAskDue(work.Now))
        {
            stream.AskAgain(work.Now);
        }

        TellMissing(work, name, lost, isLost: true);
        return stream.DueAt(work.Now, delay) is { } due && due <= work.Now ? work.Now + s_untilAsked : stream.DueAt(work.Now, delay);
    }

    /// <summary>Asks for what is to be named, and for what was named where that is due, too.</summary>
    /// <returns>False where there is no session.</returns>
    private async Task<bool> AskAsync(Work work, UserRecord user, DeviceCertificate device, StreamName name, IncomingStream stream)
    {
        var wanted = new RangeSet();
        wanted.AddAll(stream.IsNamingDue(work.Now, core.Options.GapDelay) ? stream.Missing : []);
        wanted.AddAll(stream.IsAskDue(work.Now) ? stream.Named : []);
        UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
        byte[] body = new ResendNames(name.StreamId, [.. wanted.Ranges.TakeLast(ResendNames.MaxRanges)], []).Encode();
        Draft request = conversations.Control(name.Conversation, ContentType.ResendRequest, body);
        return await work.TrySealAsync(own, user, device, request).ConfigureAwait(false) is not null;
    }

    private void TellMissing(Work work, StreamName name, ulong count, bool isLost)
    {
        if (count > 0)
        {
            string with = name.Conversation.OtherThan(core.Address.UserId) ?? name.Sender.UserId;
            work.AddEvent(new MessagesMissing(name.Sender, with, count, isLost));
        }
    }

    private static async Task CompareAsync(Work work, UserRecord stale, ListView view)
    {
        UserRecord user = await work.UserAsync(stale.UserId).ConfigureAwait(false) ?? stale;
        if (view.Number > user.List.Number && !user.IsRefreshWanted)
        {
            work.SetUser(user with { IsRefreshWanted = true });
        }
        else if (view.Number == user.List.Number && !view.Equals(user.View))
        {
            DeviceLists.Suspicious(work, user);
        }
    }

    /// <summary>Forgets what a device says it has.</summary>
    private async Task ForgetAsync(Work work, DeviceCertificate sender, SealedContent content, ResendNames names)
    {
        var stream = new StreamName(core.Address, names.StreamId, content.Stream.Conversation);
        foreach (ulong number in Numbers(names.Ranges))
        {
            byte[]? bytes = await work.ReadAsync(RecordKey.Sent, RecordKey.Of(stream, number)).ConfigureAwait(false);
            if (bytes is null)
            {
                continue;
            }

            SentRecord record = SentRecord.Decode(bytes);
            SentTarget[] targets = [.. record.Targets.Select(
                target => target.Is(sender) ? target with { IsDelivered = true } : target)];
            if (record.PendingSequence == 0 && targets.All(target => target.IsDelivered))
            {
                Conversations.Forget(work, record);
            }
            else
            {
                work.Put(RecordKey.Sent, record.Key, (record with { Targets = targets }).Encode());
            }
        }
    }

    /// <summary>Sends again what a device asks for, as far as it may have it.</summary>
    private async Task AnswerAsync(
        Work work, UserRecord own, UserRecord user, DeviceCertificate sender, SealedContent content, ResendNames names)
    {
        if (user.Standing != Standing.Accepted || user.Contact.IsChangePending)
        {
            return;
        }

        var gone = new RangeSet();
        var goneEnvelopes = new List<MessageId>();
        var stream = new StreamName(core.Address, names.StreamId, content.Stream.Conversation);
        foreach (ulong number in Numbers(names.Ranges))
        {
            if (await ResendAsync(work, own, user, sender, RecordKey.Of(stream, number)).ConfigureAwait(false) == Answer.Gone)
            {
                gone.Add(new NumberRange(number, number));
            }
        }

        foreach (MessageId envelope in names.Envelopes)
        {
            byte[]? key = await work.ReadAsync(RecordKey.SentEnvelopes, envelope.ToArray()).ConfigureAwait(false);
            if (key is null || await ResendAsync(work, own, user, sender, key).ConfigureAwait(false) != Answer.Sent)
            {
                // An envelope is asked for once: what cannot be sent now is its number's matter.
                goneEnvelopes.Add(envelope);
            }
        }

        if (gone.Ranges.Count + goneEnvelopes.Count > 0)
        {
            byte[] body = new ResendNames(names.StreamId, [.. gone.Ranges.TakeLast(ResendNames.MaxRanges)], goneEnvelopes).Encode();
            await work.TrySealAsync(
                own, user, sender, conversations.Control(content.Stream.Conversation, ContentType.Unavailable, body)).ConfigureAwait(false);
        }
    }

    /// <summary>To a device that the message was for, under the account key that its user had then, a few times.</summary>
    private static async Task<Answer> ResendAsync(Work work, UserRecord own, UserRecord user, DeviceCertificate sender, byte[] key)
    {
        byte[]? bytes = await work.ReadAsync(RecordKey.Sent, key).ConfigureAwait(false);
        if (bytes is null)
        {
            return Answer.Gone;
        }

        SentRecord record = SentRecord.Decode(bytes);
        byte[] accountKey = user.UserId == own.UserId ? record.OwnAccountKey : record.PeerAccountKey;
        SentTarget? target = record.Targets.FirstOrDefault(item => item.Is(sender));
        bool mayHave = target is not null
            && target.Resends < SentRecord.MaxResends
            && (user.UserId == own.UserId || user.UserId == record.PeerUserId)
            && PublicBytes.Equal(accountKey, user.Contact.Account.AccountKey.Span)
            && work.Now - record.SentAt < SentRecord.MaxAge;
        if (!mayHave)
        {
            // What waits to be sealed for the others comes by itself.
            return target is null or { IsSealed: false } && record.PendingSequence != 0 ? Answer.Later : Answer.Gone;
        }

        PeerRecord peer = await work.PeerAsync(sender).ConfigureAwait(false);
        if (!peer.TryAnswer(work.Now)
            || await work.TrySealAsync(own, user, sender, record.Draft).ConfigureAwait(false) is not { } envelope)
        {
            return Answer.Later;
        }

        if (target!.IsSealed)
        {
            work.Delete(RecordKey.SentEnvelopes, target.Envelope.ToArray());
        }

        SentTarget again = target with { Envelope = envelope, Resends = (byte)(target.Resends + 1), IsDelivered = false };
        Conversations.Keep(work, record with { Targets = [.. record.Targets.Select(item => item == target ? again : item)] });
        return Answer.Sent;
    }

    /// <summary>Takes note of what will not come, and tells the app.</summary>
    private async Task LoseAsync(Work work, DeviceCertificate sender, SealedContent content, ResendNames names)
    {
        var name = new StreamName(sender.Address, names.StreamId, content.Stream.Conversation);
        IncomingStream stream = await work.IncomingAsync(name).ConfigureAwait(false);
        ulong lost = Count(stream.Lose(names.Ranges));
        PeerRecord peer = await work.PeerAsync(sender).ConfigureAwait(false);
        lost += (ulong)names.Envelopes.Count(peer.EndAsking);
        if (lost > 0)
        {
            string with = content.Stream.Conversation.OtherThan(core.Address.UserId) ?? sender.Address.UserId;
            work.AddEvent(new MessagesMissing(sender.Address, with, lost, isLost: true));
        }
    }

    private static async Task RepairedAsync(Work work, UserRecord user, DeviceCertificate sender, SessionId session)
    {
        PeerRecord peer = await work.PeerAsync(sender).ConfigureAwait(false);
        if (user.Standing == Standing.Accepted)
        {
            work.AddEvent(new SessionRepaired(sender.Address));
        }

        if (peer.Book.Active?.Id != session)
        {
            // The other side's generations are behind (a clock that was set back): one more, above all, that both take.
            await WantRepairAsync(work, sender.Address, null).ConfigureAwait(false);
        }
    }

    private static IEnumerable<ulong> Numbers(IReadOnlyList<NumberRange> ranges)
    {
        int left = MaxNumbersPerRequest;
        foreach (NumberRange range in ranges.Reverse())
        {
            for (ulong number = range.To; number >= range.From && left > 0; number--, left--)
            {
                yield return number;
            }
        }
    }

    private static ulong Count(IReadOnlyList<NumberRange> ranges) => ranges.Aggregate(
        0UL, (sum, range) => sum > ulong.MaxValue - range.Count ? ulong.MaxValue : sum + range.Count);

    private static StreamName ReadName(byte[] bytes)
    {
        var reader = new Encoding.SpanReader(bytes);
        return StreamName.Read(ref reader);
    }

    /// <summary>What becomes of a message that is asked for.</summary>
    private enum Answer
    {
        Sent,

        /// <summary>It is not kept, or not for that device: it says so.</summary>
        Gone,

        /// <summary>It waits itself, too many were sent again, or there is no session now: nothing is said, and it is asked for again.</summary>
        Later,
    }
}
