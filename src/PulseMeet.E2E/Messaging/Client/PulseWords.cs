using System.Collections.Concurrent;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>What members say to each other about a pulse chat inside their pairwise sessions: which line they are on, what is missing, and
/// what is said again.</summary>
/// <remarks>The relay cannot change it. What came is durable before it is looked at, because the chat's turn is not held where sessions are
/// opened. Believed is a device that is in the chat, under the account key that it has there. docs/protocol-groups.md, "Pulse chats in the
/// client".</remarks>
internal sealed class PulseWords(ClientCore core, DeviceLists lists, Conversations conversations)
{
    /// <summary>How many devices are told at a time which line this one is on.</summary>
    public const int MaxToldAtOnce = 8;

    /// <summary>How often they are told without a reason.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromDays(1);

    /// <summary>How often they are asked, at most.</summary>
    public static readonly TimeSpan AskInterval = TimeSpan.FromMinutes(10);

    /// <summary>How often one device is asked that has not answered. Kept in memory.</summary>
    private static readonly TimeSpan s_askAgainInterval = TimeSpan.FromHours(1);

    /// <summary>How often one device is answered in <see cref="AskInterval"/>.</summary>
    private const int MaxAnswers = 4;

    private const int MaxNumbersPerRequest = 1000;

    private readonly Dictionary<(PulseId, DeviceAddress), (DateTimeOffset From, int Count)> _answered = [];
    private readonly ConcurrentDictionary<(PulseId, DeviceAddress), DateTimeOffset> _asked = [];

    /// <summary>Where forks begin that the app was told of: two that stand beside each other are told once each. After a start once more.</summary>
    private readonly HashSet<(PulseId, ulong)> _toldForks = [];

    /// <summary>Takes note of what a device said; for whoever has the device's turn.</summary>
    public void Receive(Work work, UserRecord user, Opened opened)
    {
        if (PulseId.Find(opened.Content.Stream.Conversation.Encoded[3..]) is null)
        {
            throw new E2EException(E2EError.WrongIdentity, "No pulse chat has such an id.");
        }

        var word = new PulseWordRecord(
            opened.Content.Stream.Sender, user.Contact.Account.AccountKey.ToArray(), opened.Content.Encode());
        work.Put(RecordKey.PulseWords, RecordKey.Of(core.Sequence.Next()), word.Encode());
        work.WantPump();
    }

    /// <summary>Looks at what was said.</summary>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        while (await core.Store.ScanAsync(RecordKey.PulseWords, default, default, 100, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                byte[] key = item.Key.ToArray();
                PulseWordRecord word = PulseWordRecord.Decode(item.Value);
                SealedContent content = SealedContent.Decode(word.Content);
                var id = new PulseId(content.Stream.Conversation.Encoded[^PulseId.Size..]);
                await core.ChangeAsync(
                    [Gates.Pulse(id), .. conversations.Turns(word.Device.UserId)],
                    async work =>
                    {
                        work.Delete(RecordKey.PulseWords, key);
                        try
                        {
                            await TakeAsync(work, id, word, content).ConfigureAwait(false);
                        }
                        catch (E2EException exception) when (PulseMessages.IsOfTheMessage(exception.Reason))
                        {
                            work.AddEvent(new PulseMessageUnreadable(id, word.Device, exception.Reason));
                        }
                    },
                    cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Notes whom to tell which line this device is on, where it is time.</summary>
    public Task StateAsync(PulseId id, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            if (await work.PulseAsync(id).ConfigureAwait(false) is not { Record: { IsOpen: true } record, Group: { IsRemoved: false } group })
            {
                return;
            }

            foreach (DeviceAddress device in record.ToTell)
            {
                State(device, KindOf(record, isAsking: false));
            }

            // Until they answer: one that does not know whether it is in does not.
            foreach (DeviceAddress device in record.ToAsk.Where(device => IsAskDue((id, device), work.Now)).ToArray())
            {
                if (!State(device, KindOf(record, isAsking: true)))
                {
                    record.ToAsk.Remove(device);
                }
            }

            record.ToTell.Clear();
            bool asks = record.IsAskWanted && IsOver(record.AskedAt, AskInterval, work.Now);
            if (!asks && !IsOver(record.StatedAt, Interval, work.Now))
            {
                return;
            }

            byte kind = KindOf(record, asks || record.IsUnsure);
            DeviceAddress[] others = [.. group.Roster.Devices.Select(device => device.Leaf.Address).Where(device => device != core.Address)];
            foreach (DeviceAddress device in Choose(others))
            {
                State(device, kind);
            }

            if (IsOver(record.StatedAt, Interval, work.Now))
            {
                // Word of a commit may have been lost; of one that takes this device out no member tells it.
                record.IsCatchUpWanted = true;
                work.WantPump();
            }

            record.StatedAt = work.Now;
            if (asks)
            {
                record.AskedAt = work.Now;
                record.IsAskWanted = false;
            }

            bool State(DeviceAddress device, byte kind) =>
                Say(work, id, group, device, ContentType.PulseLine, new PulseLine(kind, Since(record, device), group.Statement()).Encode());
        },
        cancellationToken);

    /// <summary>Names the numbers that have been missing for a while, and asks for them.</summary>
    public async Task NameGapsAsync(PulseId id, CancellationToken cancellationToken)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.PulseGaps, after, id.ToArray(), 100, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                after = item.Key.ToArray();
                StreamName stream = ReadName(item.Value);
                OpenedRecord? stored = await core.Store
                    .ReadAsync(RecordKey.IncomingStreams, RecordKey.Of(stream), cancellationToken).ConfigureAwait(false);
                if (stored is not null && IncomingStream.Decode(stored.Value).IsDue(core.Time.GetUtcNow(), core.Options.GapDelay))
                {
                    await core.ChangeAsync([Gates.Pulse(id)], work => NameGapsAsync(work, id, stream), cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>Says what waits to be said, in sessions that are begun where there are none.</summary>
    public async Task SayAsync(CancellationToken cancellationToken)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.PulseSays, after, default, 100, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                after = item.Key.ToArray();
                try
                {
                    await SayAsync(PulseSayRecord.Decode(item.Value), cancellationToken).ConfigureAwait(false);
                }
                catch (E2EException exception) when (IsAbout(exception.Reason))
                {
                    // One device: it cannot be told, and the others are.
                    await DropAsync(after, cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task TakeAsync(Work work, PulseId id, PulseWordRecord word, SealedContent content)
    {
        if (await work.PulseAsync(id).ConfigureAwait(false) is not { Record: { IsOpen: true } record, Group: { IsRemoved: false } group } pulse
            || group.Roster.Find(word.Device.UserId) is not { } account
            || !PublicBytes.Equal(account.AccountKey, word.AccountKey)
            || !account.Devices.Any(device => device.Leaf.Address == word.Device))
        {
            // Nobody who is in the chat, as far as this device knows.
            return;
        }

        if (ContentType.IsInternal(content.Type))
        {
            // It repeats the highest number: a lost last message shows by it.
            (await work.IncomingAsync(content.Stream).ConfigureAwait(false)).Note(content.Highest, work.Now);
        }

        switch (content.Type)
        {
            case ContentType.PulseLine:
                var line = PulseLine.Decode(content.Body.Span);
                IncomingStream stream = await work.IncomingAsync(content.Stream).ConfigureAwait(false);
                pulse.Record.ToAsk.Remove(word.Device);
                _asked.TryRemove((id, word.Device), out _);
                stream.Reach(line.Since, work.Now);
                stream.Note(content.Highest, work.Now);
                Judge(work, pulse, group, word.Device, line);
                break;
            case ContentType.ResendRequest:
                await AnswerAsync(work, record, content, word, ResendNames.Decode(content.Body.Span)).ConfigureAwait(false);
                break;
            case ContentType.Unavailable:
                await LoseAsync(work, id, content, ResendNames.Decode(content.Body.Span)).ConfigureAwait(false);
                break;
            case < ContentType.FirstInternal:
                await PulseMessages.TakeAsync(work, pulse, content, isSaidAgain: true).ConfigureAwait(false);
                break;
        }
    }

    private bool IsAskDue((PulseId, DeviceAddress) asked, DateTimeOffset now)
    {
        if (_asked.TryGetValue(asked, out DateTimeOffset at) && !IsOver(at, s_askAgainInterval, now))
        {
            return false;
        }

        _asked[asked] = now;
        return true;
    }

    /// <summary>Behind which number what this device says is for another.</summary>
    private ulong Since(PulseRecord record, DeviceAddress device) =>
        record.Baselines.TryGetValue(device, out PulseBaseline came) && came.StreamId == core.StreamId ? came.Number : 0;

    private static byte KindOf(PulseRecord record, bool isAsking) => record switch
    {
        { IsProvisional: true } => PulseLine.Wonders,
        { IsUnsure: true } => isAsking ? PulseLine.AsksUnsure : PulseLine.SaysUnsure,
        _ => isAsking ? PulseLine.Asks : PulseLine.Says,
    };

    private void Judge(Work work, OpenPulse pulse, PulseGroup group, DeviceAddress speaker, PulseLine line)
    {
        PulseRecord record = pulse.Record;
        ForkStatement said = ForkStatement.Decode(line.Statement);
        ForkFinding finding = group.Judge(line.Statement, speaker);
        bool isAnswered = line.IsAsking || said.Marks[0].Epoch < group.Epoch;
        switch (finding.Judgement)
        {
            case var _ when line.Kind == PulseLine.Wonders:
                break;
            case ForkJudgement.Overtaken when line.IsUnsure:
                break;
            case ForkJudgement.Fork when line.IsUnsure && !record.IsUnsure:
                // It comes over once it is told.
                isAnswered = true;
                break;
            case ForkJudgement.Agree:
                record.IsProvisional = false;
                record.IsUnsure &= line.IsUnsure;
                if (record is { IsStalled: true, Cause: null } && group.MayFollow && said.Marks[0].Epoch == group.Epoch)
                {
                    // It has missed nothing: the relay said so.
                    record.Follow();
                }

                break;
            case ForkJudgement.Behind:
                record.IsCatchUpWanted = true;
                break;
            case ForkJudgement.Overtaken:
                record.IsRejoinWanted = true;
                record.Cause = finding.Committer;
                break;
            case ForkJudgement.Fork when record.IsUnsure && !line.IsUnsure && (!record.IsByWelcome || group.Data.Rights.ExternalJoin):
                // This device came in by what has lost, and the speaker, who has it in its roster, is where it should be.
                record.IsRejoinWanted = true;
                break;
            case ForkJudgement.Fork when record.IsProvisional:
                // This device's own join was not taken: once more. Whoever was added waits: the commit that lost is made anew.
                record.IsRejoinWanted |= !record.IsByWelcome;
                break;
            case ForkJudgement.Fork:
                if (record.ToldFork != finding.Epoch + 1 && _toldForks.Add((pulse.Id, finding.Epoch)))
                {
                    record.ToldFork = finding.Epoch + 1;
                    isAnswered = true;
                    work.AddEvent(new PulseForkSuspected(pulse.Id, speaker, finding.Epoch));
                }

                break;
        }

        // A device that does not know whether it is in has nothing to say: two of them would ask each other for ever.
        if (isAnswered && !record.IsProvisional && record.ToTell.Count < PulseRecord.MaxTold && !record.ToTell.Contains(speaker)
            && TryAnswer(pulse.Id, speaker, work.Now))
        {
            record.ToTell.Add(speaker);
        }

        work.WantPump();
    }

    /// <summary>Whether a device may be answered now. It may; it is counted. Kept in memory; for the one reader of what was said.</summary>
    private bool TryAnswer(PulseId id, DeviceAddress device, DateTimeOffset now)
    {
        foreach ((PulseId, DeviceAddress) old in _answered.Where(answered => IsOver(answered.Value.From, AskInterval, now)).Select(answered => answered.Key).ToArray())
        {
            _answered.Remove(old);
        }

        (DateTimeOffset from, int count) = _answered.GetValueOrDefault((id, device), (now, 0));
        _answered[(id, device)] = (from, count + 1);
        return count < MaxAnswers;
    }

    /// <summary>Says again what a device misses, as far as it may have it: nothing that was said before it came in.</summary>
    private async Task AnswerAsync(Work work, PulseRecord record, SealedContent content, PulseWordRecord word, ResendNames names)
    {
        UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
        UserRecord? user = await work.UserAsync(word.Device.UserId).ConfigureAwait(false);
        if (user is null or { Standing: Standing.Blocked } || user.Contact.IsChangePending || user.List.Find(word.Device.DeviceId) is not { } device)
        {
            return;
        }

        PulseBaseline? baseline = record.Baselines.TryGetValue(word.Device, out PulseBaseline came) ? came : null;
        var stream = new StreamName(core.Address, names.StreamId, content.Stream.Conversation);
        var gone = new RangeSet();
        PeerRecord peer = await work.PeerAsync(device).ConfigureAwait(false);
        foreach (ulong number in names.Ranges.Reverse().SelectMany(Numbers).Take(MaxNumbersPerRequest))
        {
            byte[]? bytes = baseline?.Allows(names.StreamId, number, core.StreamId) != false
                ? await work.ReadAsync(RecordKey.PulseSent, PulseMessages.SentKey(stream, number)).ConfigureAwait(false)
                : null;
            PulseSentRecord? sent = bytes is null ? null : PulseSentRecord.Decode(bytes);
            if (sent is null || work.Now - sent.Draft.Time >= SentRecord.MaxAge)
            {
                gone.Add(new NumberRange(number, number));
            }
            else if (sent.PendingSequence == 0 && peer.TryAnswer(work.Now))
            {
                await work.TrySealAsync(own, user, device, sent.Draft).ConfigureAwait(false);
            }

            // What waits to be sealed is for those who are in the chat then; where too much was sent again, or there is no session now, nothing
            // is said, and it is asked for again.
        }

        if (gone.Ranges.Count > 0)
        {
            byte[] body = new ResendNames(names.StreamId, [.. gone.Ranges.TakeLast(ResendNames.MaxRanges)], []).Encode();
            await work.TrySealAsync(
                own, user, device, conversations.Control(content.Stream.Conversation, ContentType.Unavailable, body)).ConfigureAwait(false);
        }
    }

    private static async Task LoseAsync(Work work, PulseId id, SealedContent content, ResendNames names)
    {
        var name = new StreamName(content.Stream.Sender, names.StreamId, content.Stream.Conversation);
        IncomingStream stream = await work.IncomingAsync(name).ConfigureAwait(false);
        TellMissing(work, id, name, Count(stream.Lose(names.Ranges)), isLost: true);
    }

    private async Task NameGapsAsync(Work work, PulseId id, StreamName name)
    {
        IncomingStream stream = await work.IncomingAsync(name).ConfigureAwait(false);
        if (!stream.IsDue(work.Now, core.Options.GapDelay) || await work.PulseAsync(id).ConfigureAwait(false) is not { } pulse)
        {
            return;
        }

        ulong lost = stream.IsGivenUp(work.Now) ? Count(stream.GiveUp()) : 0;
        bool isNaming = stream.IsNamingDue(work.Now, core.Options.GapDelay);
        var wanted = new RangeSet();
        wanted.AddAll(isNaming ? stream.Missing : []);
        wanted.AddAll(stream.IsAskDue(work.Now) ? stream.Named : []);
        byte[] body = new ResendNames(name.StreamId, [.. wanted.Ranges.TakeLast(ResendNames.MaxRanges)], []).Encode();
        bool isThere = pulse.Record.IsOpen && pulse.Group is { IsRemoved: false } group
            && (wanted.Ranges.Count == 0 || Say(work, id, group, name.Sender, ContentType.ResendRequest, body));
        if (!isThere)
        {
            lost += Count(stream.GiveUpAll());
        }
        else if (isNaming)
        {
            TellMissing(work, id, name, Count(stream.Name(work.Now, out IReadOnlyList<NumberRange> dropped)), isLost: false);
            lost += Count(dropped);
        }
        else if (stream.IsAskDue(work.Now))
        {
            stream.AskAgain(work.Now);
        }

        TellMissing(work, id, name, lost, isLost: true);
    }

    private static void TellMissing(Work work, PulseId id, StreamName name, ulong count, bool isLost)
    {
        if (count > 0)
        {
            work.AddEvent(new PulseMessagesMissing(id, name.Sender, count, isLost));
        }
    }

    /// <returns>Whether the device is in the chat, so that it is told.</returns>
    private static bool Say(Work work, PulseId id, PulseGroup group, DeviceAddress device, ushort type, byte[] body)
    {
        if (group.Roster.Find(device.UserId) is not { } account || !account.Devices.Any(other => other.Leaf.Address == device))
        {
            return false;
        }

        var say = new PulseSayRecord(device, account.AccountKey, id, type, body);
        work.Put(RecordKey.PulseSays, say.Key, say.Encode());
        work.WantPump();
        return true;
    }

    private async Task SayAsync(PulseSayRecord say, CancellationToken cancellationToken)
    {
        if (await TrySayAsync(say, null, default, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        UserRecord user = await lists.RefreshAsync(say.Device.UserId, Standing.Unanswered, cancellationToken).ConfigureAwait(false)
            ?? throw new E2EException(E2EError.UnknownDevice);
        string[] except = [.. user.List.Devices.Select(device => device.Address.DeviceId).Where(id => id != say.Device.DeviceId)];
        ClaimedBundles claimed = await core.Relay.ClaimBundlesAsync(say.Device.UserId, except, cancellationToken).ConfigureAwait(false);
        if (!claimed.Bundles.TryGetValue(say.Device.DeviceId, out ReadOnlyMemory<byte> bundle)
            || !await TrySayAsync(say, claimed, bundle, cancellationToken).ConfigureAwait(false))
        {
            throw new E2EException(E2EError.UnknownDevice, "The device has no keys.");
        }
    }

    /// <summary>Says something in the session that is there, or in one that is begun for it.</summary>
    /// <returns>Whether it is said, or not to be said; false where there is no session.</returns>
    private Task<bool> TrySayAsync(
        PulseSayRecord say, ClaimedBundles? claimed, ReadOnlyMemory<byte> bundle, CancellationToken cancellationToken) => core.ChangeAsync(
        conversations.Turns(say.Device.UserId),
        async work =>
        {
            UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
            UserRecord? user = claimed is null
                ? await work.UserAsync(say.Device.UserId).ConfigureAwait(false)
                : await lists.ApplyAsync(work, say.Device.UserId, claimed.DeviceList.ToArray(), Standing.Unanswered).ConfigureAwait(false);
            if (user is null)
            {
                return false;
            }

            if (user.Standing == Standing.Blocked
                || user.Contact.IsChangePending
                || !PublicBytes.Equal(user.Contact.Account.AccountKey.Span, say.AccountKey))
            {
                work.Delete(RecordKey.PulseSays, say.Key);
                return true;
            }

            if (user.List.Find(say.Device.DeviceId) is not { } device)
            {
                return false;
            }

            if (claimed is not null && !await work.HasSessionAsync(device).ConfigureAwait(false))
            {
                await work.BeginAsync(user, PreKeyBundle.Decode(bundle.Span)).ConfigureAwait(false);
            }

            Draft draft = conversations.Control(ConversationName.Pulse(say.Pulse.ToArray()), say.Type, say.Body);
            if (await work.TrySealAsync(own, user, device, draft).ConfigureAwait(false) is null)
            {
                return false;
            }

            work.Delete(RecordKey.PulseSays, say.Key);
            return true;
        },
        cancellationToken);

    private Task DropAsync(byte[] key, CancellationToken cancellationToken) => core.ChangeAsync(
        [],
        work =>
        {
            work.Delete(RecordKey.PulseSays, key);
            return Task.CompletedTask;
        },
        cancellationToken);

    /// <summary>A few of many, by chance.</summary>
    private static IEnumerable<DeviceAddress> Choose(DeviceAddress[] others)
    {
        if (others.Length <= MaxToldAtOnce)
        {
            return others;
        }

        var chosen = new HashSet<DeviceAddress>();
        Span<byte> random = stackalloc byte[4];
        while (chosen.Count < MaxToldAtOnce)
        {
            Randomness.Fill(random);
            chosen.Add(others[BitConverter.ToUInt32(random) % (uint)others.Length]);
        }

        return chosen;
    }

    private static IEnumerable<ulong> Numbers(NumberRange range)
    {
        for (ulong number = range.To; number >= range.From; number--)
        {
            yield return number;
        }
    }

    private static ulong Count(IReadOnlyList<NumberRange> ranges) => ranges.Aggregate(
        0UL, (sum, range) => sum > ulong.MaxValue - range.Count ? ulong.MaxValue : sum + range.Count);

    private static bool IsOver(DateTimeOffset last, TimeSpan interval, DateTimeOffset now) => now - last >= interval || last > now;

    private static bool IsAbout(E2EError reason) => reason is not (E2EError.RelayUnavailable or E2EError.StoreFailed
        or E2EError.StoreInUse or E2EError.StoreDamaged or E2EError.StoreConflict);

    private static StreamName ReadName(byte[] bytes)
    {
        var reader = new Encoding.SpanReader(bytes);
        return StreamName.Read(ref reader);
    }
}
