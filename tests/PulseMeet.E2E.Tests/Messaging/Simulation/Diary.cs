using System.Globalization;
using System.Text;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging.Simulation;

/// <summary>What every device of a walk knows after each step, for whoever looks for the reason of a failure: kept where
/// <c>PULSEMEET_SIMULATION_DIARY</c> names a folder, and written there, a file a walk, by a walk that fails.</summary>
internal sealed class Diary
{
    private static readonly string? s_folder = Environment.GetEnvironmentVariable("PULSEMEET_SIMULATION_DIARY");

    private readonly StringBuilder _text = new();
    private readonly Dictionary<Member, int> _seen = [];
    private int _delivered;

    /// <summary>Notes what came of a step.</summary>
    public async Task NoteAsync(string what, Walk walk)
    {
        if (s_folder is null)
        {
            return;
        }

        Line($"== {walk.World.Clock.GetUtcNow():MM-dd HH:mm:ss.fff} {what}");
        foreach ((DeviceAddress sender, OutgoingEnvelope envelope) in walk.World.Relay.Delivered.Skip(_delivered).ToArray())
        {
            Line($"   {Name(sender)} to {Name(envelope.Recipient)}: {Convert.ToHexString(envelope.Id.Span)[..8]}, {envelope.Content.Length} bytes");
            _delivered++;
        }

        foreach (Member device in walk.Devices)
        {
            await NoteAsync(device, walk).ConfigureAwait(false);
        }
    }

    /// <summary>Writes it all down.</summary>
    public void Keep(Course course, Exception failure)
    {
        if (s_folder is not null)
        {
            Directory.CreateDirectory(s_folder);
            Line(failure.ToString());
            File.WriteAllText(Path.Combine(s_folder, $"{course.Seed}-{Guid.NewGuid():N}.txt"), $"{course}{Environment.NewLine}{_text}");
        }
    }

    private static string Name(DeviceAddress device) => $"{device.UserId}/{device.DeviceId}";

    private async Task NoteAsync(Member device, Walk walk)
    {
        ClientCore core = (await device.Client.OpenAsync(default)).Core;
        string stream = core.IsOwnStreamUsed ? "own" : "provisional";
        Line($"   {Name(device.Address)}: revision {core.Store.Revision} + {core.RevisionOffset}, opened at {core.OpenedAt}, {stream} stream, "
            + $"own {core.StreamId.ToString()[..16]}, provisional {core.ProvisionalStreamId.ToString()[..16]}");
        _seen.TryGetValue(device, out int seen);
        foreach (E2EEvent told in device.Seen.Skip(seen))
        {
            Line($"      told {told switch
            {
                MessageReceived { Content: TextContent text } message => $"«{text.Value}», number {message.Sealed.Number}",
                _ => told.GetType().Name,
            }}");
        }

        _seen[device] = device.Seen.Count;
        foreach (OpenedRecord record in await core.Store.ScanAsync(RecordKey.IncomingStreams, default, default, 1000))
        {
            var incoming = IncomingStream.Decode(record.Value);
            Line($"      from {StreamOf(record.Key.Span, walk)}: {incoming.Baseline} to {incoming.Highest}, missing {Text(incoming.Missing)}, named {Text(incoming.Named)}");
        }

        foreach (OpenedRecord record in await core.Store.ScanAsync(RecordKey.Sent, default, default, 1000))
        {
            var sent = SentRecord.Decode(record.Value);
            Line($"      keeps {sent.Draft.Number} of {sent.Draft.Stream.StreamId.ToString()[..16]} to {sent.PeerUserId}"
                + $"{(sent.PendingSequence == 0 ? string.Empty : ", waits")}: {string.Join(", ", sent.Targets.Select(Text))}");
        }

        foreach (OpenedRecord record in await core.Store.ScanAsync(RecordKey.OtherStreams, default, default, 1000))
        {
            Line($"      other stream {Convert.ToHexString(record.Key.Span[^MessageId.Size..])[..16]}: {RecordKey.ToNumber(record.Value)}");
        }
    }

    private static string StreamOf(ReadOnlySpan<byte> key, Walk walk)
    {
        foreach (Said said in walk.Everything)
        {
            if (said.Number is { } number && key.SequenceEqual(RecordKey.Of(number.Stream)))
            {
                return $"{Name(said.From.Address)} {number.Stream.StreamId.ToString()[..16]} to {said.To}";
            }
        }

        return Convert.ToHexString(key)[..16];
    }

    private static string Text(SentTarget target) => Name(target.Device)
        + (target.IsDelivered ? " has it" : target.IsSealed ? $" {target.Envelope.ToString()[..8]}" : " not sealed");

    private static string Text(IReadOnlyList<NumberRange> ranges) => ranges.Count == 0 ? "none" : string.Join(", ", ranges.Select(range => $"{range.From} to {range.To}"));

    private void Line(FormattableString text) => _text.AppendLine(text.ToString(CultureInfo.InvariantCulture));

    private void Line(string text) => _text.AppendLine(text);
}
