using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>Bringing to the relay what is sealed; what lay here for long is sealed again.</content>
internal sealed partial class PulseMessages
{
    /// <summary>What lay here for so long before the relay took it is kept from then on.</summary>
    private static readonly TimeSpan s_sentLate = TimeSpan.FromHours(1);

    /// <summary>Brings to the relay what is sealed, in its order.</summary>
    /// <returns>Whether nothing waits any more that could be sent now.</returns>
    public async Task<bool> DeliverAsync(PulseId id, CancellationToken cancellationToken)
    {
        bool isSubscribed = false;
        byte[] after = [];
        while (true)
        {
            IReadOnlyList<OpenedRecord> waiting =
                await core.Store.ScanAsync(RecordKey.PulseOutbox, after, id.ToArray(), Page, cancellationToken).ConfigureAwait(false);
            if (waiting.Count == 0)
            {
                return true;
            }

            after = waiting[^1].Key.ToArray();
            if (await SealAgainAsync(id, waiting, cancellationToken).ConfigureAwait(false))
            {
                after = [];
                continue;
            }

            var taken = new List<(byte[] Key, byte[] SentKey)>();
            try
            {
                foreach (OpenedRecord item in waiting)
                {
                    PulseOutboxRecord record = PulseOutboxRecord.Decode(item.Value);
                    GroupMessage message = record.ToMessage(id);
                    try
                    {
                        await core.Relay.SendToGroupAsync(message, cancellationToken).ConfigureAwait(false);
                    }
                    catch (E2EException exception) when (exception.Reason == E2EError.NotAllowed && !isSubscribed)
                    {
                        // A relay takes devices off its list by the word of the first candidate, whether or not that is valid.
                        isSubscribed = true;
                        await core.Relay.SubscribeAsync(message.GroupId, isSubscribed: true, cancellationToken).ConfigureAwait(false);
                        await core.Relay.SendToGroupAsync(message, cancellationToken).ConfigureAwait(false);
                    }

                    taken.Add((item.Key.ToArray(), record.SentKey));
                }
            }
            finally
            {
                await TakeOutAsync(id, taken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>What waits to be sent or sealed, and will not be, not by asking for it either: this device is out.</summary>
    public async Task<IReadOnlyList<MessageId>> DropUnsentAsync(Work work, PulseId id)
    {
        var unsent = new SortedDictionary<ulong, MessageId>();
        foreach (byte table in new[] { RecordKey.PulsePending, RecordKey.PulseOutbox })
        {
            foreach (OpenedRecord item in await core.Store.ScanAsync(table, default, id.ToArray(), 2 * MaxWaiting).ConfigureAwait(false))
            {
                byte[] sent = table == RecordKey.PulsePending ? item.Value : PulseOutboxRecord.Decode(item.Value).SentKey;
                work.Delete(table, item.Key.ToArray());
                if (sent.Length > 0 && await work.ReadAsync(RecordKey.PulseSent, sent).ConfigureAwait(false) is { } bytes)
                {
                    Draft draft = PulseSentRecord.Decode(bytes).Draft;
                    unsent[draft.Number] = MessageId.Of(draft.Stream, draft.Number);
                    work.Delete(RecordKey.PulseSent, sent);
                }
            }
        }

        return [.. unsent.Values.Take(ushort.MaxValue)];
    }

    /// <summary>Puts a request to leave into the outbox.</summary>
    public void AddRequest(Work work, OpenPulse pulse, ulong epoch, byte[] request) =>
        AddOutgoing(work, pulse.Id, new PulseOutboxRecord(epoch, NewId(), request, []));

    private void AddOutgoing(Work work, PulseId id, PulseOutboxRecord record)
    {
        work.Put(RecordKey.PulseOutbox, RecordKey.Of(id, core.Sequence.Next()), record.Encode());
        work.WantPump();
    }

    /// <summary>What lay here for so long that others might not open it any more is sealed again, under its number.</summary>
    private Task<bool> SealAgainAsync(PulseId id, IReadOnlyList<OpenedRecord> waiting, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            if (await work.PulseAsync(id).ConfigureAwait(false) is not { Group: { IsRemoved: false } group } pulse || !pulse.Record.IsOpen)
            {
                return false;
            }

            bool any = false;
            foreach (OpenedRecord item in waiting)
            {
                PulseOutboxRecord record = PulseOutboxRecord.Decode(item.Value);
                if (record.Epoch + MaxSealedBehind >= group.Epoch)
                {
                    continue;
                }

                any = true;
                work.Delete(RecordKey.PulseOutbox, item.Key.ToArray());
                if (record.SentKey.Length > 0 && await work.ReadAsync(RecordKey.PulseSent, record.SentKey).ConfigureAwait(false) is { } bytes)
                {
                    Wait(work, id, PulseSentRecord.Decode(bytes), record.SentKey);
                }
            }

            return any;
        },
        cancellationToken);

    private Task TakeOutAsync(PulseId id, List<(byte[] Key, byte[] SentKey)> taken) => taken.Count == 0
        ? Task.CompletedTask
        : core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                foreach ((byte[] key, byte[] sentKey) in taken)
                {
                    work.Delete(RecordKey.PulseOutbox, key);
                    if (sentKey.Length > 0 && await work.ReadAsync(RecordKey.PulseSent, sentKey).ConfigureAwait(false) is { } bytes
                        && PulseSentRecord.Decode(bytes) is var sent && (work.Now - sent.SentAt).Duration() >= s_sentLate)
                    {
                        work.Put(RecordKey.PulseSent, sentKey, (sent with { SentAt = work.Now }).Encode());
                    }
                }
            },
            CancellationToken.None);
}
