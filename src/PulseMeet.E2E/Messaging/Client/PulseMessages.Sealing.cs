using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>Sealing: for those whom the app means, once nothing of this device's own waits that is about who reads it.</content>
internal sealed partial class PulseMessages
{
    /// <summary>Seals what waits for that, where it can be done now.</summary>
    /// <returns>Whether there may be more to seal.</returns>
    public Task<bool> SealWaitingAsync(PulseId id, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            IReadOnlyList<OpenedRecord> waiting =
                await core.Store.ScanAsync(RecordKey.PulsePending, default, id.ToArray(), Page, cancellationToken).ConfigureAwait(false);
            if (waiting.Count == 0 || await work.PulseAsync(id).ConfigureAwait(false) is not { } pulse)
            {
                return false;
            }

            bool canSeal = CanSeal(pulse) && await AreKeysAcceptedAsync(work, pulse).ConfigureAwait(false);
            foreach (OpenedRecord item in waiting)
            {
                byte[]? bytes = await work.ReadAsync(RecordKey.PulseSent, item.Value).ConfigureAwait(false);
                if (bytes is not null && (!canSeal || !await TrySealAsync(work, pulse, PulseSentRecord.Decode(bytes)).ConfigureAwait(false)))
                {
                    return false;
                }

                work.Delete(RecordKey.PulsePending, item.Key.ToArray());
            }

            return waiting.Count == Page;
        },
        cancellationToken);

    /// <summary>Whether what is sealed now is for those whom the app means: nothing of this device's own waits to be taken that is about who
    /// reads it.</summary>
    private bool CanSeal(OpenPulse pulse) => core.IsRevisionConfirmed
        && pulse.Record is { IsOpen: true, IsRejoinWanted: false, IsLeaving: false, IsStalled: false }
        && pulse.Group is { IsRemoved: false, IsForWhatIsSaidNext: false };

    /// <summary>Members who came under another account key than the one that was remembered: the app's word comes first where the policy
    /// says so.</summary>
    private async Task CheckKeysAsync(Work work, OpenPulse pulse)
    {
        foreach (string userId in pulse.Record.Unchecked.ToArray())
        {
            UserRecord? user = await work.UserAsync(userId).ConfigureAwait(false);
            byte[]? key = pulse.Group!.Roster.Find(userId)?.AccountKey;
            if (key is null || user is null)
            {
                pulse.Record.Unchecked.Remove(userId);
                continue;
            }

            if (PublicBytes.Equal(user.Contact.Account.AccountKey.Span, key) && !user.Contact.IsChangePending)
            {
                pulse.Record.Unchecked.Remove(userId);
            }
            else if (user.Contact.Observe(new Keys.Ed25519PublicKey(key), work.Now).IsSendingStopped(core.Options.KeyChangePolicy))
            {
                throw new E2EException(E2EError.AccountKeyChanged, "A member's account key has to be accepted before anything is sent.");
            }
        }
    }

    /// <summary>The same for what waits: it waits on until the app has accepted the key.</summary>
    private async Task<bool> AreKeysAcceptedAsync(Work work, OpenPulse pulse)
    {
        try
        {
            await CheckKeysAsync(work, pulse).ConfigureAwait(false);
            return true;
        }
        catch (E2EException exception) when (exception.Reason == E2EError.AccountKeyChanged)
        {
            return false;
        }
    }

    private async Task<bool> TrySealAsync(Work work, OpenPulse pulse, PulseSentRecord record)
    {
        PulseGroup group = pulse.Require();
        Draft draft = record.Draft;
        if (draft.Stream.StreamId != work.OwnStreamId)
        {
            // It was written before anybody knew that the store was put back: its number may be another message's.
            work.Delete(RecordKey.PulseSent, SentKey(draft.Stream, draft.Number));
            draft = draft with
            {
                Stream = draft.Stream with { StreamId = work.OwnStreamId },
                Number = await work.NextNumberAsync(pulse.Conversation).ConfigureAwait(false),
            };
        }

        UserRecord own = await work.UserAsync(core.Address.UserId).ConfigureAwait(false) ?? throw new E2EException(E2EError.StoreDamaged);
        ulong highest = draft.Stream.StreamId == work.OwnStreamId
            ? Math.Max(draft.Number, await work.HighestAsync(pulse.Conversation).ConfigureAwait(false))
            : draft.Number;
        var content = new SealedContent(
            draft.Stream, draft.Number, highest, draft.Time, own.View, NoList, 0, draft.Type, draft.Body);
        byte[] message;
        try
        {
            message = group.Seal(content.Encode());
        }
        catch (E2EException exception) when (exception.Reason == E2EError.MlsCommitRequired)
        {
            return false;
        }

        pulse.HasNewRatchets = true;
        byte[] key = SentKey(draft.Stream, draft.Number);
        work.Put(RecordKey.PulseSent, key, new PulseSentRecord(draft, 0) { SentAt = work.Now }.Encode());
        AddOutgoing(work, pulse.Id, new PulseOutboxRecord(group.Epoch, NewId(), message, key));
        return true;
    }

    private void Wait(Work work, PulseId id, PulseSentRecord record, byte[] key)
    {
        record = record with { PendingSequence = core.Sequence.Next() };
        work.Put(RecordKey.PulsePending, RecordKey.Of(id, record.PendingSequence), key);
        work.Put(RecordKey.PulseSent, key, record.Encode());
        work.WantPump();
    }
}
