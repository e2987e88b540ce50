using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>Whose messages wait to be accepted: so many people's, the latest. However many strangers write, what of theirs is kept is bounded, and none
/// of them keeps another one out.</summary>
/// <remarks>What goes is missing, as if it had not come: it is asked for once its sender is accepted.</remarks>
internal sealed class Requests(ClientCore core, Conversations conversations)
{
    /// <summary>The most people; beyond, what the one who has waited longest wrote goes.</summary>
    public const int Max = 256;

    /// <summary>Notes that somebody's messages wait. Once for each time that the app is told so.</summary>
    public static void Note(ClientCore core, Work work, string userId) =>
        work.Put(RecordKey.Requests, RecordKey.Of(core.Sequence.Next()), RecordKey.Of(userId));

    /// <summary>The app has decided about somebody.</summary>
    public static async Task EndAsync(ClientCore core, Work work, string userId)
    {
        byte[] name = RecordKey.Of(userId);
        foreach (OpenedRecord row in await ReadAsync(core, default).ConfigureAwait(false))
        {
            if (PublicBytes.Equal(row.Value, name))
            {
                work.Delete(RecordKey.Requests, row.Key.ToArray());
            }
        }
    }

    /// <summary>Lets go of what is too much. No turn may be held but the mailbox's.</summary>
    public async Task TrimAsync(CancellationToken cancellationToken)
    {
        if ((await core.Store.ScanKeysAsync(RecordKey.Requests, default, default, Max + 1, null, cancellationToken).ConfigureAwait(false)).Count <= Max)
        {
            return;
        }

        IReadOnlyList<OpenedRecord> rows = await ReadAsync(core, cancellationToken).ConfigureAwait(false);
        foreach (OpenedRecord row in rows.Take(rows.Count - Max))
        {
            string userId = StrictUtf8.Decode(row.Value);
            await core.ChangeAsync(
                conversations.Turns(userId), work => LetGoAsync(work, row.Key.ToArray(), userId), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task LetGoAsync(Work work, byte[] key, string userId)
    {
        work.Delete(RecordKey.Requests, key);
        if (await work.UserAsync(userId).ConfigureAwait(false) is not { Standing: Standing.Unanswered } user)
        {
            return;
        }

        foreach (OpenedRecord item in await core.Store
            .ScanAsync(RecordKey.Held, default, RecordKey.UserPrefix(userId), 2 * HeldRecord.MaxPerUser).ConfigureAwait(false))
        {
            HeldRecord held = HeldRecord.Decode(item.Value);
            if (held.Event.Length > 0)
            {
                var message = (MessageReceived)EventCodec.Decode(0, held.Event);
                (await work.IncomingAsync(message.Sealed.Stream).ConfigureAwait(false)).Miss(message.Sealed.Number, work.Now);
                work.Delete(RecordKey.Held, item.Key.ToArray());
            }
        }

        // Told again where he writes again.
        work.SetUser(user with { IsRequestTold = false });
    }

    private static ValueTask<IReadOnlyList<OpenedRecord>> ReadAsync(ClientCore core, CancellationToken cancellationToken) =>
        core.Store.ScanAsync(RecordKey.Requests, default, default, 4 * Max, cancellationToken);
}
