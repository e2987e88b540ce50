using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>Writing to users: what is said gets a number, and is sealed for every device of both sides.</summary>
/// <remarks>
/// A message is durable when it was sent: sealed and in the outbox where every device has a session, and as what is
/// to be sealed otherwise. One batch holds its number, its text for sending again, the sessions and the envelopes.
/// </remarks>
internal sealed class Conversations(ClientCore core, DeviceLists lists)
{
    /// <summary>The most messages that wait to be sealed for one user; beyond, sending fails.</summary>
    public const int MaxWaiting = 1000;

    /// <summary>How many streams beside the device's own are looked at in a conversation.</summary>
    private const int MaxOtherStreams = 1000;

    /// <summary>Of how many streams that have ended a device is told at a time. Somebody who is away for days would otherwise get one more
    /// with each message that is written after a start of this device.</summary>
    private const int MaxTails = 4;

    /// <summary>How far a clock may have been set back for what is written to be dated by the clock before; where it was further, another stream is
    /// begun.</summary>
    public static readonly TimeSpan MaxCorrection = TimeSpan.FromHours(1);

    /// <summary>As it was when somebody wrote last; only saves a try.</summary>
    private volatile bool _hasOwnOthers;

    public async Task<MessageId> SendAsync(string userId, MessageContent content, CancellationToken cancellationToken)
    {
        _ = core.Identity;
        byte[] body = content.EncodeBody();
        if (await ReadAsync(userId, cancellationToken).ConfigureAwait(false) is null
            && await lists.RefreshAsync(userId, Standing.Accepted, cancellationToken).ConfigureAwait(false) is null)
        {
            throw new E2EException(E2EError.UnknownDevice, "The relay knows no such user.");
        }

        if (userId != core.Address.UserId && !_hasOwnOthers)
        {
            MessageId? id = await core.ChangeAsync<MessageId?>(
                [Gates.User(userId), Gates.SharedUser(core.Address.UserId)],
                async work => await IsAloneAsync(work).ConfigureAwait(false)
                    ? await TakeAsync(work, userId, content, body).ConfigureAwait(false)
                    : null,
                cancellationToken).ConfigureAwait(false);
            if (id is { } taken)
            {
                return taken;
            }
        }

        return await core.ChangeAsync(
            Turns(userId),
            async work =>
            {
                _ = await IsAloneAsync(work).ConfigureAwait(false);
                return await TakeAsync(work, userId, content, body).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether the account has this device alone: then writing to somebody else changes nothing that is the own user's, and
    /// conversations need not wait for each other. Otherwise each message goes to the own others too, in the sessions with them.</summary>
    private async Task<bool> IsAloneAsync(Work work)
    {
        UserRecord own = await OwnAsync(work).ConfigureAwait(false);
        _hasOwnOthers = own.List.Devices.Any(device => device.Address != core.Address);
        return !_hasOwnOthers;
    }

    /// <summary>Seals what waits for sessions, for all devices that have one now.</summary>
    /// <param name="work">Under the turns of the conversation.</param>
    /// <param name="keys">Where it lies, in the order in which it was said.</param>
    /// <returns>Whether all of it is sealed.</returns>
    public async Task<bool> SealWaitingAsync(Work work, IReadOnlyList<byte[]> keys)
    {
        foreach (byte[] key in keys)
        {
            byte[]? bytes = await work.ReadAsync(RecordKey.Sent, key).ConfigureAwait(false);
            if (bytes is null)
            {
                continue;
            }

            SentRecord record = SentRecord.Decode(bytes);
            UserRecord own = await OwnAsync(work).ConfigureAwait(false);
            UserRecord peer = await work.UserAsync(record.PeerUserId).ConfigureAwait(false) ?? own;
            if (record.PendingSequence == 0)
            {
                continue;
            }

            if (peer.Contact.IsSendingStopped(core.Options.KeyChangePolicy))
            {
                return false;
            }

            List<SentTarget> targets = [.. record.Targets];
            await SealForAllAsync(work, own, peer, record.Draft, targets).ConfigureAwait(false);
            if (peer.UserId != own.UserId && !targets.Exists(target => target.IsSealed && target.Device.UserId == peer.UserId))
            {
                // Nobody of the other side can be reached: it waits until somebody can.
                Keep(work, record with { Targets = targets });
                return false;
            }

            work.Delete(RecordKey.Pending, RecordKey.UserItem(record.PeerUserId, record.PendingSequence));
            Keep(work, record with { PendingSequence = 0, Targets = targets, SentAt = work.Now });
            NoteBehind(work, record.PeerUserId, targets);
        }

        return true;
    }

    /// <summary>Writes down a message that is kept for sending again.</summary>
    public static void Keep(Work work, SentRecord record)
    {
        work.Put(RecordKey.Sent, record.Key, record.Encode());
        foreach (SentTarget target in record.Targets.Where(target => target.IsSealed))
        {
            work.Put(RecordKey.SentEnvelopes, target.Envelope.ToArray(), record.Key);
        }
    }

    /// <summary>Forgets a message of one's own.</summary>
    public static void Forget(Work work, SentRecord record)
    {
        work.Delete(RecordKey.Sent, record.Key);
        foreach (SentTarget target in record.Targets.Where(target => target.IsSealed))
        {
            work.Delete(RecordKey.SentEnvelopes, target.Envelope.ToArray());
        }

        if (record.PendingSequence != 0)
        {
            work.Delete(RecordKey.Pending, RecordKey.UserItem(record.PeerUserId, record.PendingSequence));
        }
    }

    public async Task<UserRecord> OwnAsync(Work work) => await work.UserAsync(core.Address.UserId).ConfigureAwait(false)
        ?? throw new E2EException(E2EError.StoreDamaged, "The device has no account.");

    public Turn[] Turns(string userId) => [Gates.User(userId), Gates.User(core.Address.UserId)];

    /// <summary>Says to a device how far streams have counted that no message comes in any more, as long as something of them may not be
    /// there: otherwise nothing would show that the last of it was lost.</summary>
    public async Task RepeatTailsAsync(
        Work work, UserRecord own, UserRecord user, DeviceCertificate device, ConversationName conversation, MessageId except)
    {
        if (!core.HasOtherStreams)
        {
            return;
        }

        int told = 0;
        foreach (StreamName stream in InTurn(await OtherStreamsAsync(conversation).ConfigureAwait(false)))
        {
            if (told == MaxTails)
            {
                break;
            }

            if (stream.StreamId == except)
            {
                continue;
            }

            IReadOnlyList<OpenedRecord> kept = await core.Store
                .ScanAsync(RecordKey.Sent, default, RecordKey.Of(stream), MaxWaiting).ConfigureAwait(false);
            if (kept.Count == 0)
            {
                // All of it is there, or is kept no more.
                if (core.IsOwnStreamUsed || stream.StreamId != core.ProvisionalStreamId)
                {
                    work.Delete(RecordKey.OtherStreams, RecordKey.Of(conversation, stream.StreamId));
                }

                continue;
            }

            if (kept.Any(record => MayMiss(device, SentRecord.Decode(record.Value))))
            {
                byte[] nothing = new ResendNames(stream.StreamId, [], []).Encode();
                await work.TrySealAsync(own, user, device, new Draft(stream, 0, work.Now, ContentType.Delivered, nothing)).ConfigureAwait(false);
                told++;
            }
        }
    }

    /// <summary>The latest first, which was told of least; then the others, from one on that is chosen by chance.</summary>
    private static IEnumerable<StreamName> InTurn(IReadOnlyList<StreamName> streams)
    {
        if (streams.Count < 2)
        {
            return streams;
        }

        int rest = streams.Count - 1;
        Span<byte> random = stackalloc byte[4];
        Randomness.Fill(random);
        int first = (int)(BitConverter.ToUInt32(random) % (uint)rest);
        return [streams[^1], .. Enumerable.Range(0, rest).Select(i => streams[(first + i) % rest])];
    }

    /// <summary>A device that came onto the list since misses nothing.</summary>
    private static bool MayMiss(DeviceCertificate device, SentRecord sent) => sent.Targets.Any(target => target.Is(device) && !target.IsDelivered);

    /// <summary>Says something to the other devices of one's own, where there are any. For whoever has the own user's turn.</summary>
    public async Task TellOwnDevicesAsync(Work work, MessageContent content)
    {
        UserRecord own = await OwnAsync(work).ConfigureAwait(false);
        if (own.List.Devices.Count > 1 && await IsRoomAsync(own.UserId).ConfigureAwait(false))
        {
            await TakeAsync(work, own.UserId, content, content.EncodeBody()).ConfigureAwait(false);
        }
    }

    /// <summary>A content that devices say to each other.</summary>
    public Draft Control(ConversationName conversation, ushort type, ReadOnlyMemory<byte> body) => new(
        new StreamName(core.Address, core.StreamId, conversation), 0, core.Time.GetUtcNow(), type, body);

    private async Task<MessageId> TakeAsync(Work work, string userId, MessageContent content, byte[] body)
    {
        UserRecord own = await OwnAsync(work).ConfigureAwait(false);
        UserRecord peer = await work.UserAsync(userId).ConfigureAwait(false)
            ?? throw new E2EException(E2EError.UnknownDevice);
        CheckMayWrite(peer);
        if (peer is { Standing: Standing.Unanswered, IsRequestTold: false })
        {
            // Known for another reason than that the user has written: the app's word is the first one.
            peer = peer with { Standing = Standing.Accepted };
            work.SetUser(peer);
        }

        if (peer.Standing == Standing.Unanswered)
        {
            throw new E2EException(E2EError.NotAllowed, "The contact was not accepted yet.");
        }

        ConversationName conversation = ConversationName.Direct(core.Address.UserId, userId);
        (MessageId streamId, ulong number) = await work.NumberAsync(conversation).ConfigureAwait(false);
        var draft = new Draft(new StreamName(core.Address, streamId, conversation), number, DateOf(work), content.Type, body);
        var record = new SentRecord(
            draft, userId, peer.Contact.Account.AccountKey.ToArray(), own.Contact.Account.AccountKey.ToArray(), 0, []) { SentAt = work.Now };
        if (content is DeletionContent deletion)
        {
            await ForgetTargetAsync(work, conversation, deletion.Target).ConfigureAwait(false);
        }

        if (await CanSealNowAsync(work, own, peer).ConfigureAwait(false))
        {
            var targets = new List<SentTarget>();
            await SealForAllAsync(work, own, peer, draft, targets).ConfigureAwait(false);
            Keep(work, record with { Targets = targets });
            NoteBehind(work, userId, targets);
        }
        else
        {
            if (!await IsRoomAsync(userId).ConfigureAwait(false))
            {
                throw new E2EException(E2EError.LimitExceeded, "Too much waits to be sent.");
            }

            record = record with { PendingSequence = core.Sequence.Next() };
            work.Put(RecordKey.Pending, RecordKey.UserItem(userId, record.PendingSequence), record.Key);
            work.WantPump();
            Keep(work, record);
        }

        return MessageId.Of(draft.Stream, number);
    }

    /// <summary>Now; on a clock that was set back since a stream was begun, just after that: whoever hears of this device first by a message that
    /// looks older than the stream would take all of it for his. A clock that was far ahead is not followed.</summary>
    private DateTimeOffset DateOf(Work work)
    {
        long begun = Math.Max(StreamId.BegunAt(core.StreamId), core.IsOwnStreamUsed ? 0 : StreamId.BegunAt(core.ProvisionalStreamId));
        long back = begun - work.Now.ToUnixTimeMilliseconds();
        return back > 0 && back <= MaxCorrection.TotalMilliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(begun + 1) : work.Now;
    }

    private async Task<bool> IsRoomAsync(string userId) => (await core.Store
        .ScanKeysAsync(RecordKey.Pending, default, RecordKey.UserPrefix(userId), MaxWaiting).ConfigureAwait(false)).Count < MaxWaiting;

    private void CheckMayWrite(UserRecord peer)
    {
        if (peer.Standing == Standing.Blocked)
        {
            throw new E2EException(E2EError.NotAllowed, "The contact is blocked.");
        }

        if (peer.Contact.IsSendingStopped(core.Options.KeyChangePolicy))
        {
            throw new E2EException(E2EError.AccountKeyChanged, "It has to be accepted before anything is sent.");
        }
    }

    /// <summary>Whether every device that has keys can be written to now, one of the other side at least for which not too much waits, by lists that
    /// are new enough, and nothing waits that was said before.</summary>
    private async Task<bool> CanSealNowAsync(Work work, UserRecord own, UserRecord peer)
    {
        bool isFresh = IsFresh(peer, work.Now) && IsFresh(own, work.Now);
        if (!isFresh || await core.Store.IsAnyAsync(RecordKey.Pending, RecordKey.UserPrefix(peer.UserId)).ConfigureAwait(false))
        {
            return false;
        }

        bool isAnybodyThere = peer.UserId == own.UserId;
        foreach (DeviceCertificate device in Recipients(own, peer))
        {
            PeerRecord known = await work.PeerAsync(device).ConfigureAwait(false);
            bool hasSession = await work.HasSessionAsync(device).ConfigureAwait(false);
            if (!known.IsUnreachable && !hasSession)
            {
                return false;
            }

            isAnybodyThere |= hasSession && device.Address.UserId == peer.UserId && work.IsRoomFor(device.Address, isMessage: true);
        }

        return isAnybodyThere;
    }

    public bool IsFresh(UserRecord user, DateTimeOffset now) =>
        !user.IsRefreshWanted && now - user.FetchedAt < core.Options.DeviceListAge && user.FetchedAt <= now + IdentityLimits.ClockTolerance;

    /// <summary>All devices of the other user and of one's own, but this one.</summary>
    public IEnumerable<DeviceCertificate> Recipients(UserRecord own, UserRecord peer) => peer.List.Devices
        .Concat(peer.UserId == own.UserId ? [] : own.List.Devices)
        .Where(device => device.Address != core.Address);

    private async Task SealForAllAsync(Work work, UserRecord own, UserRecord peer, Draft draft, List<SentTarget> targets)
    {
        foreach (DeviceCertificate device in Recipients(own, peer))
        {
            if (targets.Exists(target => target.IsSealed && target.Is(device)))
            {
                continue;
            }

            UserRecord user = device.Address.UserId == own.UserId ? own : peer;
            MessageId? sealedIn = await work.TrySealAsync(own, user, device, draft).ConfigureAwait(false);
            targets.RemoveAll(target => target.Is(device));
            targets.Add(SentTarget.Unreached(device) with { Envelope = sealedIn ?? default });
            if (sealedIn is not null)
            {
                await RepeatTailsAsync(work, own, user, device, draft.Stream.Conversation, draft.Stream.StreamId).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Devices that are not written to now are told later that something was said.</summary>
    private static void NoteBehind(Work work, string peerUserId, List<SentTarget> targets)
    {
        foreach (SentTarget target in targets.Where(target => !target.IsSealed))
        {
            work.Put(RecordKey.Behind, RecordKey.OfBehind(target.Device, peerUserId), RecordKey.Of(peerUserId));
        }
    }

    private async Task ForgetTargetAsync(Work work, ConversationName conversation, MessageId target)
    {
        // Ids are hashes: the numbers that may be kept are few, and tried from the newest down.
        var own = new StreamName(core.Address, core.StreamId, conversation);
        await ForgetTargetAsync(work, own, await work.HighestAsync(conversation).ConfigureAwait(false), target).ConfigureAwait(false);
        foreach (StreamName other in await OtherStreamsAsync(conversation).ConfigureAwait(false))
        {
            ulong highest = await work.HighestAsync(conversation, other.StreamId).ConfigureAwait(false);
            await ForgetTargetAsync(work, other, highest, target).ConfigureAwait(false);
        }
    }

    private static async Task ForgetTargetAsync(Work work, StreamName stream, ulong highest, MessageId target)
    {
        for (ulong number = highest; number > 0 && highest - number < 10_000; number--)
        {
            if (MessageId.Of(stream, number) == target)
            {
                byte[]? bytes = await work.ReadAsync(RecordKey.Sent, RecordKey.Of(stream, number)).ConfigureAwait(false);
                if (bytes is not null)
                {
                    Forget(work, SentRecord.Decode(bytes));
                }

                return;
            }
        }
    }

    private async Task<IReadOnlyList<StreamName>> OtherStreamsAsync(ConversationName conversation)
    {
        byte[] prefix = conversation.Encoded.ToArray();
        IReadOnlyList<OpenedRecord> others = await core.Store.ScanAsync(RecordKey.OtherStreams, default, prefix, MaxOtherStreams).ConfigureAwait(false);
        return [.. others.Select(record => new StreamName(core.Address, new MessageId(record.Key.Span[prefix.Length..]), conversation))];
    }

    private async Task<UserRecord?> ReadAsync(string userId, CancellationToken cancellationToken)
    {
        byte[]? bytes = (await core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(userId), cancellationToken).ConfigureAwait(false))?.Value;
        return bytes is null ? null : core.Users.Decode(userId, bytes);
    }
}
