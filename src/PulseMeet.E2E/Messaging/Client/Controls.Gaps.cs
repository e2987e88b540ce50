using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>What is missing: when it is named, asked for and given up.</content>
internal sealed partial class Controls
{
    /// <summary>How long a request that could not be made waits: for a session, or for the clock to move.</summary>
    private static readonly TimeSpan s_untilAsked = TimeSpan.FromMinutes(1);

    /// <summary>And how long it waits at most, once it has waited for eight hours.</summary>
    private static readonly TimeSpan s_longestUntilAsked = TimeSpan.FromHours(1);

    /// <summary>Names the numbers that have been missing for a while, asks for them, asks again for what did not come, and gives up what
    /// was asked for often enough. A request can be lost, and so can its answer.</summary>
    /// <returns>When there is more to do, if nothing else happens; null where nothing is missing. Later than now.</returns>
    public async Task<DateTimeOffset?> NameGapsAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset? next = null;
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.Gaps, after, default, 100, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord record in page)
            {
                DateTimeOffset? due = await LookAtAsync(ReadName(record.Value), cancellationToken).ConfigureAwait(false);
                next = due < next ? due : next ?? due;
            }

            after = page[^1].Key.ToArray();
        }

        return next;
    }

    /// <summary>Looks at a stream with a gap. What is not due is read and left alone: it costs no batch.</summary>
    private async Task<DateTimeOffset?> LookAtAsync(StreamName name, CancellationToken cancellationToken)
    {
        OpenedRecord? stored = await core.Store
            .ReadAsync(RecordKey.IncomingStreams, RecordKey.Of(name), cancellationToken).ConfigureAwait(false);
        DateTimeOffset now = core.Time.GetUtcNow();
        if (stored is null || IncomingStream.Decode(stored.Value).DueAt(now, core.Options.GapDelay) is not { } due)
        {
            return null;
        }

        return due > now ? due : await core.ChangeAsync(
            conversations.Turns(name.Sender.UserId), work => NameGapsAsync(work, name), cancellationToken).ConfigureAwait(false);
    }

    private async Task<DateTimeOffset?> NameGapsAsync(Work work, StreamName name)
    {
        IncomingStream stream = await work.IncomingAsync(name).ConfigureAwait(false);
        UserRecord? user = await work.UserAsync(name.Sender.UserId).ConfigureAwait(false);
        if (user is not { Standing: Standing.Accepted } || user.Contact.IsChangePending)
        {
            // Looked at again when something happens: nobody is asked who was not accepted.
            return null;
        }

        TimeSpan delay = core.Options.GapDelay;
        ulong lost = stream.IsGivenUp(work.Now) ? RangeSet.Count(stream.GiveUp()) : 0;
        if (user.List.Find(name.Sender.DeviceId) is not { } device)
        {
            lost += RangeSet.Count(stream.GiveUpAll());
        }
        else if (stream.IsDue(work.Now, delay))
        {
            lost += await NameAsync(work, user, device, name, stream).ConfigureAwait(false);
        }

        work.TellMissing(name, lost, isLost: true);
        return stream.DueAt(work.Now, delay) is { } due && due <= work.Now ? work.Now + UntilAsked(stream, work.Now) : stream.DueAt(work.Now, delay);
    }

    /// <summary>When a request that could not be made is tried again though nothing happens: less and less often.</summary>
    private static TimeSpan UntilAsked(IncomingStream stream, DateTimeOffset now)
    {
        TimeSpan waited = (now - (stream.AskedAt ?? now)) / 8;
        return waited < s_untilAsked ? s_untilAsked : waited > s_longestUntilAsked ? s_longestUntilAsked : waited;
    }

    /// <summary>Names what is due, and asks for it; where there is no session, once there is one again.</summary>
    /// <returns>How much is too much to keep.</returns>
    private async Task<ulong> NameAsync(Work work, UserRecord user, DeviceCertificate device, StreamName name, IncomingStream stream)
    {
        bool isAsked = await AskAsync(work, user, device, name, stream).ConfigureAwait(false);
        ulong lost = 0;
        if (stream.IsNamingDue(work.Now, core.Options.GapDelay))
        {
            work.TellMissing(name, RangeSet.Count(stream.Name(work.Now, out IReadOnlyList<NumberRange> dropped)), isLost: false);
            lost = RangeSet.Count(dropped);
        }
        else if (isAsked)
        {
            stream.AskAgain(work.Now);
        }

        if (!isAsked)
        {
            stream.Unask();
            await WantRepairAsync(work, device.Address, null).ConfigureAwait(false);
        }

        return lost;
    }

    /// <summary>Asks for what is to be named, and for what was named where that is due, too.</summary>
    /// <returns>False where there is no session.</returns>
    private async Task<bool> AskAsync(Work work, UserRecord user, DeviceCertificate device, StreamName name, IncomingStream stream)
    {
        var wanted = new RangeSet();
        wanted.AddAll(stream.IsNamingDue(work.Now, core.Options.GapDelay) ? stream.Missing : []);
        wanted.AddAll(stream.IsAskDue(work.Now) ? stream.Named : []);
        UserRecord own = await conversations.OwnAsync(work).ConfigureAwait(false);
        byte[] body = new ResendNames(name.StreamId, [.. wanted.Ranges.TakeLast(ResendNames.MaxRanges)], []).Encode();
        Draft request = conversations.Control(name.Conversation, ContentType.ResendRequest, body);
        return await work.TrySealAsync(own, user, device, request).ConfigureAwait(false) is not null;
    }

    /// <summary>Takes note of what will not come, and tells the app.</summary>
    private static async Task LoseAsync(Work work, DeviceCertificate sender, SealedContent content, ResendNames names)
    {
        var name = new StreamName(sender.Address, names.StreamId, content.Stream.Conversation);
        IncomingStream stream = await work.IncomingAsync(name).ConfigureAwait(false);
        ulong lost = RangeSet.Count(stream.Lose(names.Ranges));
        PeerRecord peer = await work.PeerAsync(sender).ConfigureAwait(false);
        lost += (ulong)names.Envelopes.Count(peer.EndAsking);
        work.TellMissing(name, lost, isLost: true);
    }

    private static StreamName ReadName(byte[] bytes)
    {
        var reader = new Encoding.SpanReader(bytes);
        return StreamName.Read(ref reader);
    }
}
