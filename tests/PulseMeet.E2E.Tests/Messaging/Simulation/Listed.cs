using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging.Simulation;

/// <summary>What a device's own store knows.</summary>
internal static class Listed
{
    /// <summary>The devices that are on the lists that a sender has of both sides of a conversation.</summary>
    public static async Task<IReadOnlyList<Member>> ByAsync(Member sender, string to, IReadOnlyList<Member> devices)
    {
        Engine engine = await sender.Client.OpenAsync(default);
        var listed = new List<Member>();
        foreach (string userId in new[] { sender.UserId, to })
        {
            OpenedRecord? record = await engine.Core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(userId));
            if (record is not null)
            {
                UserRecord user = engine.Core.Users.Decode(userId, record.Value);
                listed.AddRange(devices.Where(device => device != sender && device.UserId == userId
                    && user.List.Find(device.Address.DeviceId) is not null));
            }
        }

        return listed;
    }

    /// <summary>How a device has numbered what it has just said.</summary>
    public static async Task<(StreamName Stream, ulong Number)> NumberOfAsync(Member sender, MessageId id)
    {
        Engine engine = await sender.Client.OpenAsync(default);
        IReadOnlyList<OpenedRecord> sent = await engine.Core.Store.ScanAsync(RecordKey.Sent, default, default, 10_000);
        Draft draft = sent.Select(record => SentRecord.Decode(record.Value).Draft)
            .Single(draft => MessageId.Of(draft.Stream, draft.Number) == id);
        return (draft.Stream, draft.Number);
    }

    /// <summary>Whether a sender has been told that a device has a message, and so keeps it no more for that device.</summary>
    public static async Task<bool> IsDeliveredAsync(Member sender, Member to, StreamName name, ulong number)
    {
        Engine engine = await sender.Client.OpenAsync(default);
        OpenedRecord? record = await engine.Core.Store.ReadAsync(RecordKey.Sent, RecordKey.Of(name, number));
        return record is null || SentRecord.Decode(record.Value).Targets.Any(target => target.Device == to.Address && target.IsDelivered);
    }

    /// <summary>Whether a sender has a message still, and may send it again to a device that does not have it: now, or at a later time if nothing
    /// happens until then.</summary>
    public static async Task<bool> IsKeptAsync(Member sender, Member to, StreamName name, ulong number, DateTimeOffset? at = null)
    {
        Engine engine = await sender.Client.OpenAsync(default);
        OpenedRecord? record = await engine.Core.Store.ReadAsync(RecordKey.Sent, RecordKey.Of(name, number));
        UserRecord? user = await engine.Core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(to.UserId)) is { } known
            ? engine.Core.Users.Decode(to.UserId, known.Value)
            : null;
        return record is not null && user?.List.Find(to.Address.DeviceId) is { } listed
            && SentRecord.Decode(record.Value) is var sent
            && (at ?? engine.Core.Time.GetUtcNow()) - sent.SentAt < SentRecord.MaxAge
            && sent.Targets.Any(target => target.Is(listed) && !target.IsDelivered && target.Resends < SentRecord.MaxResends);
    }

    /// <summary>What a device knows of a stream.</summary>
    public static async Task<IncomingStream> StreamAsync(Member member, StreamName name)
    {
        Engine engine = await member.Client.OpenAsync(default);
        OpenedRecord? record = await engine.Core.Store.ReadAsync(RecordKey.IncomingStreams, RecordKey.Of(name));
        return record is null ? new IncomingStream() : IncomingStream.Decode(record.Value);
    }

    /// <summary>When a device asks for a number that it misses; null where it does not miss it, or does not ask any more.</summary>
    public static async Task<DateTimeOffset?> AsksAtAsync(Member member, StreamName name, ulong number)
    {
        IncomingStream stream = await StreamAsync(member, name);
        Engine engine = await member.Client.OpenAsync(default);
        DateTimeOffset now = engine.Core.Time.GetUtcNow();
        bool isMissing = stream.Missing.Any(range => range.Contains(number));
        bool isAskedAgain = stream.Named.Any(range => range.Contains(number)) && stream.Asks < IncomingStream.MaxAsks;
        return isMissing || isAskedAgain ? stream.DueAt(now, engine.Core.Options.GapDelay) : null;
    }

    /// <summary>Every number that a device knows to be missing.</summary>
    public static async Task<IReadOnlyList<(StreamName Stream, ulong Number)>> MissingAsync(Member member)
    {
        Engine engine = await member.Client.OpenAsync(default);
        var missing = new List<(StreamName, ulong)>();
        foreach (OpenedRecord record in await engine.Core.Store.ScanAsync(RecordKey.Gaps, default, default, 10_000))
        {
            var reader = new E2E.Encoding.SpanReader(record.Value);
            StreamName name = StreamName.Read(ref reader);
            IncomingStream stream = await StreamAsync(member, name);
            foreach (NumberRange range in stream.Missing.Concat(stream.Named))
            {
                for (ulong number = range.From; number <= range.To; number++)
                {
                    missing.Add((name, number));
                }
            }
        }

        return missing;
    }
}
