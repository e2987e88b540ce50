using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>What is missing: named, asked for, said again, lost.</content>
internal sealed partial class PulseWords
{
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

    /// <summary>Says again what a device misses, as far as it may have it: nothing that was said before it came in.</summary>
    private async Task AnswerAsync(Work work, PulseRecord record, SealedContent content, PulseWordRecord word, ResendNames names)
    {
        UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
        UserRecord? user = await work.UserAsync(word.Device.UserId).ConfigureAwait(false);
        if (user is null or { Standing: Standing.Blocked } || user.Contact.IsChangePending || user.List.Find(word.Device.DeviceId) is not { } device
            || core.Waiting.IsFull(word.Device))
        {
            // One whose mailbox is full asks again.
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
            if (sent is null || work.Now - sent.SentAt >= SentRecord.MaxAge)
            {
                gone.Add(new NumberRange(number, number));
            }
            else if (sent.PendingSequence == 0 && peer.TryAnswer(work.Now) && TrySayAgain(word.Device, new StreamNumber(stream, number), work.Now))
            {
                await work.TrySealAsync(own, user, device, sent.Draft).ConfigureAwait(false);
            }

            // What waits to be sealed is for those who are in the chat then; where too much was sent again, or too often, or there is no session now,
            // nothing is said, and it is asked for again.
        }

        if (gone.Ranges.Count > 0)
        {
            byte[] body = new ResendNames(names.StreamId, [.. gone.Ranges.TakeLast(ResendNames.MaxRanges)], []).Encode();
            await work.TrySealAsync(
                own, user, device, conversations.Control(content.Stream.Conversation, ContentType.Unavailable, body)).ConfigureAwait(false);
        }
    }

    /// <summary>Whether a message may be said again to a device now. It may; it is counted.</summary>
    private bool TrySayAgain(DeviceAddress device, StreamNumber message, DateTimeOffset now)
    {
        foreach (DeviceAddress old in _saidAgain.Where(said => IsOver(said.Value.From, Interval, now)).Select(said => said.Key).ToArray())
        {
            _saidAgain.Remove(old);
        }

        if (!_saidAgain.TryGetValue(device, out (DateTimeOffset From, Dictionary<StreamNumber, int> Counts) said))
        {
            _saidAgain[device] = said = (now, []);
        }

        int count = said.Counts.GetValueOrDefault(message);
        said.Counts[message] = Math.Min(count + 1, MaxSaidAgain);
        return count < MaxSaidAgain;
    }

    /// <summary>Notes that a device is asked for numbers. It is silent after three times, and after three more; a new gap, with which the asking begins anew,
    /// changes nothing of that. Times that lie close together are one.</summary>
    private void NoteAsked(DeviceAddress device, DateTimeOffset now)
    {
        (int count, DateTimeOffset at) = _vain.GetValueOrDefault(device);
        if (count > 0 && !IsOver(at, s_askAgainInterval, now))
        {
            return;
        }

        _vain[device] = (count + 1, now);
        if ((count + 1) % 3 == 0)
        {
            _silent[device] = true;
        }
    }

    private static async Task LoseAsync(Work work, SealedContent content, ResendNames names)
    {
        var name = new StreamName(content.Stream.Sender, names.StreamId, content.Stream.Conversation);
        IncomingStream stream = await work.IncomingAsync(name).ConfigureAwait(false);
        work.TellMissing(name, RangeSet.Count(stream.Lose(names.Ranges)), isLost: true);
    }

    private async Task NameGapsAsync(Work work, PulseId id, StreamName name)
    {
        IncomingStream stream = await work.IncomingAsync(name).ConfigureAwait(false);
        if (!stream.IsDue(work.Now, core.Options.GapDelay) || await work.PulseAsync(id).ConfigureAwait(false) is not { } pulse)
        {
            return;
        }

        ulong lost = stream.IsGivenUp(work.Now) ? RangeSet.Count(stream.GiveUp()) : 0;
        bool isNaming = stream.IsNamingDue(work.Now, core.Options.GapDelay);
        var wanted = new RangeSet();
        wanted.AddAll(isNaming ? stream.Missing : []);
        wanted.AddAll(stream.IsAskDue(work.Now) ? stream.Named : []);
        byte[] body = new ResendNames(name.StreamId, [.. wanted.Ranges.TakeLast(ResendNames.MaxRanges)], []).Encode();
        bool isThere = pulse.Record.IsOpen && pulse.Group is { IsRemoved: false } group
            && (wanted.Ranges.Count == 0 || Say(work, id, group, name.Sender, ContentType.ResendRequest, body));
        if (!isThere)
        {
            lost += RangeSet.Count(stream.GiveUpAll());
        }
        else if (isNaming)
        {
            work.TellMissing(name, RangeSet.Count(stream.Name(work.Now, out IReadOnlyList<NumberRange> dropped)), isLost: false);
            lost += RangeSet.Count(dropped);
        }
        else if (stream.IsAskDue(work.Now))
        {
            stream.AskAgain(work.Now);
        }

        if (isThere && wanted.Ranges.Count > 0)
        {
            NoteAsked(name.Sender, work.Now);
        }

        work.TellMissing(name, lost, isLost: true);
    }

    private static IEnumerable<ulong> Numbers(NumberRange range)
    {
        for (ulong number = range.To; number >= range.From; number--)
        {
            yield return number;
        }
    }

    public static StreamName ReadName(byte[] bytes)
    {
        var reader = new Encoding.SpanReader(bytes);
        return StreamName.Read(ref reader);
    }

    /// <summary>A message of this device's.</summary>
    private readonly record struct StreamNumber(StreamName Stream, ulong Number);
}
