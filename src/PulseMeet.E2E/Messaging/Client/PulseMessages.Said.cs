using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>What this device has said: where its stream stands, what is said again on another line, what is taken back.</content>
internal sealed partial class PulseMessages
{
    /// <summary>Lets everything be sealed again that was said on a line on which nobody else was.</summary>
    public async Task SayAnewAsync(Work work, OpenPulse pulse)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.PulseSent, after, pulse.Id.ToArray(), Page).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                after = item.Key.ToArray();
                PulseSentRecord sent = PulseSentRecord.Decode(item.Value);
                if (sent.PendingSequence == 0 && sent.Draft.Number > pulse.Record.SaidBefore && sent.Draft.Stream.StreamId == work.OwnStreamId)
                {
                    Wait(work, pulse.Id, sent, after);
                }
            }
        }

        foreach (OpenedRecord item in await core.Store.ScanAsync(RecordKey.PulseOutbox, default, pulse.Id.ToArray(), MaxWaiting).ConfigureAwait(false))
        {
            work.Delete(RecordKey.PulseOutbox, item.Key.ToArray());
        }
    }

    /// <summary>Where this device's own messages stand: what was said up to here, in this stream and in those that were ended, is for nobody who
    /// comes now. What has a number and waits to be sealed behind it is for them, too.</summary>
    public async Task<PulseBaseline> BaselineAsync(Work work, OpenPulse pulse)
    {
        HashSet<ulong> waiting = [];
        foreach (OpenedRecord item in await core.Store.ScanAsync(RecordKey.PulsePending, default, pulse.Id.ToArray(), MaxWaiting).ConfigureAwait(false))
        {
            if (await work.ReadAsync(RecordKey.PulseSent, item.Value).ConfigureAwait(false) is { } bytes
                && PulseSentRecord.Decode(bytes) is { PendingSequence: not 0, Draft: { } draft }
                && draft.Stream.StreamId == work.OwnStreamId)
            {
                waiting.Add(draft.Number);
            }
        }

        ulong number = await work.HighestAsync(pulse.Conversation).ConfigureAwait(false);
        while (waiting.Contains(number))
        {
            number--;
        }

        return new PulseBaseline(work.OwnStreamId, number);
    }

    /// <summary>Whether this device has said anything in a chat that it could say again.</summary>
    public async Task<bool> HasSaidAsync(Work work, OpenPulse pulse) =>
        await work.HighestAsync(pulse.Conversation).ConfigureAwait(false) > 0
        || await core.Store.IsAnyAsync(RecordKey.PulseSent, pulse.Id.ToArray()).ConfigureAwait(false);

    private async Task ForgetTargetAsync(Work work, OpenPulse pulse, MessageId target)
    {
        var stream = new StreamName(core.Address, work.OwnStreamId, pulse.Conversation);
        ulong highest = await work.HighestAsync(pulse.Conversation).ConfigureAwait(false);
        for (ulong number = highest; number > 0 && highest - number < 10_000; number--)
        {
            if (MessageId.Of(stream, number) == target)
            {
                byte[] key = SentKey(stream, number);
                if (await work.ReadAsync(RecordKey.PulseSent, key).ConfigureAwait(false) is { } bytes)
                {
                    PulseSentRecord sent = PulseSentRecord.Decode(bytes);
                    if (sent.PendingSequence == 0)
                    {
                        work.Delete(RecordKey.PulseSent, key);
                        return;
                    }

                    // It has its number, and would be missed: under that its own deletion is said.
                    Draft draft = sent.Draft with { Type = ContentType.Deletion, Body = new DeletionContent(target).EncodeBody() };
                    work.Put(RecordKey.PulseSent, key, (sent with { Draft = draft }).Encode());
                }

                return;
            }
        }
    }
}
