using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>Messages of pulse chats: numbered and sealed once for everybody, brought to the relay, and opened.</summary>
/// <remarks>One batch holds a message's number, its text for saying it again, the group's ratchet and the sealed message; an opened one is an
/// event in the batch that holds the ratchet. While a change of this device's waits to be taken that is about who reads, what the app says
/// waits too: who is removed reads nothing that is said afterwards. docs/protocol-groups.md, "Pulse chats in the client".</remarks>
internal sealed partial class PulseMessages(ClientCore core)
{
    /// <summary>The most messages of one chat that wait to be sealed, or for the relay; beyond, sending fails.</summary>
    public const int MaxWaiting = 1000;

    /// <summary>A message that was sealed so many epochs ago, and is still here, is sealed again before it is sent: others keep five.</summary>
    private const ulong MaxSealedBehind = 3;

    private const int Page = 100;

    public static ListView NoList => new(0, new byte[Sha256.Size]);

    public async Task<MessageId> SendAsync(PulseId id, MessageContent content, CancellationToken cancellationToken)
    {
        _ = core.Identity;
        byte[] body = content.EncodeBody();
        return await core.ChangeAsync(
            [Gates.Pulse(id)], work => TakeAsync(work, id, content, body), cancellationToken).ConfigureAwait(false);
    }

    public static MessageId NewId()
    {
        byte[] id = new byte[MessageId.Size];
        Randomness.Fill(id);
        return new MessageId(id);
    }

    public static byte[] SentKey(StreamName stream, ulong number) =>
        [.. stream.Conversation.Encoded[^PulseId.Size..], .. RecordKey.Of(stream, number)];

    private async Task<MessageId> TakeAsync(Work work, PulseId id, MessageContent content, byte[] body)
    {
        OpenPulse pulse = await work.PulseAsync(id).ConfigureAwait(false) ?? throw new E2EException(E2EError.MlsGroupClosed);
        pulse.Require();
        if (pulse.Record.IsLeaving)
        {
            throw new E2EException(E2EError.NotAllowed, "The account has asked to leave.");
        }

        await CheckKeysAsync(work, pulse).ConfigureAwait(false);
        ulong number = await work.NextNumberAsync(pulse.Conversation).ConfigureAwait(false);
        var draft = new Draft(new StreamName(core.Address, work.OwnStreamId, pulse.Conversation), number, work.Now, content.Type, body);
        var record = new PulseSentRecord(draft, 0);
        if (content is DeletionContent deletion)
        {
            await ForgetTargetAsync(work, pulse, deletion.Target).ConfigureAwait(false);
        }

        int waiting = await CountAsync(RecordKey.PulsePending, id).ConfigureAwait(false);
        if (waiting + await CountAsync(RecordKey.PulseOutbox, id).ConfigureAwait(false) >= MaxWaiting)
        {
            throw new E2EException(E2EError.LimitExceeded, "Too much waits to be sent.");
        }

        if (waiting > 0 || !CanSeal(pulse) || !await TrySealAsync(work, pulse, record).ConfigureAwait(false))
        {
            Wait(work, id, record, SentKey(draft.Stream, number));
        }

        return MessageId.Of(draft.Stream, number);
    }

    private async Task<int> CountAsync(byte table, PulseId id) =>
        (await core.Store.ScanKeysAsync(table, default, id.ToArray(), MaxWaiting).ConfigureAwait(false)).Count;
}
