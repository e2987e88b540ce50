using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Messaging;

/// <summary>What devices say to each other without the app: what arrived, what is missing, what will not come, and that a session had
/// to be begun anew.</summary>
/// <remarks>docs/protocol-messaging.md, "Resending" and "Sessions". Everything that a peer can ask for is bounded per device and
/// time.</remarks>
internal sealed partial class Controls(ClientCore core, Conversations conversations)
{
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
            if (user is not { Standing: Standing.Accepted } || user.List.Find(stream.Sender.DeviceId) is not { } device || core.Waiting.IsFull(stream.Sender))
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

    private static async Task RepairedAsync(Work work, UserRecord user, DeviceCertificate sender, SessionId session)
    {
        if (user.Standing != Standing.Accepted)
        {
            // For a stranger no session is begun; once he is accepted, what does not open says so again.
            return;
        }

        PeerRecord peer = await work.PeerAsync(sender).ConfigureAwait(false);
        work.AddEvent(new SessionRepaired(sender.Address));
        if (peer.Book.Active?.Id != session)
        {
            // The other side's generations are behind (a clock that was set back): one more, above all, that both take.
            await WantRepairAsync(work, sender.Address, null).ConfigureAwait(false);
        }
    }

    private static ulong Count(IReadOnlyList<NumberRange> ranges) => ranges.Aggregate(
        0UL, (sum, range) => sum > ulong.MaxValue - range.Count ? ulong.MaxValue : sum + range.Count);
}
