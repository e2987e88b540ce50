using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <content>What is sent again, to whom, and when it is forgotten.</content>
internal sealed partial class Controls
{
    /// <summary>How many numbers of one request are looked at.</summary>
    private const int MaxNumbersPerRequest = 1000;

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
        if (user.Standing != Standing.Accepted || user.Contact.IsChangePending || core.Waiting.IsFull(sender.Address))
        {
            // One whose mailbox is full asks again.
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
