using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Tests.Messaging;

namespace PulseMeet.E2E.Client.Tests.Pulses;

/// <summary>An epoch on a line, as members tell lines apart.</summary>
internal readonly record struct Line(ulong Epoch, string Authenticator);

/// <summary>What a walk's members hold, read out of their own stores at every call of the relay: who is in which epoch of which line, and in which one
/// each text was sealed.</summary>
internal sealed class PulseWitness(PulseId id)
{
    private readonly Dictionary<Line, HashSet<DeviceAddress>> _rosters = [];
    private readonly Dictionary<string, HashSet<Line>> _sealed = new(StringComparer.Ordinal);
    private readonly HashSet<MessageId> _seen = [];
    private readonly Dictionary<Line, Line> _before = [];

    /// <summary>The epochs in which a text was sealed for the group.</summary>
    public IReadOnlySet<Line> SealedIn(string text) => _sealed.TryGetValue(text, out HashSet<Line>? lines) ? lines : new HashSet<Line>();

    /// <summary>Who is in an epoch; null where nobody was seen in it.</summary>
    public IReadOnlySet<DeviceAddress>? RosterOf(Line line) => _rosters.GetValueOrDefault(line);

    /// <summary>The epochs of the line that a group is on, as far back as anybody followed it.</summary>
    public IReadOnlyDictionary<ulong, Line> LineOf(PulseGroup group)
    {
        var line = new Dictionary<ulong, Line>();
        for (Line? at = MarksOf(group)[0]; at is { } epoch; at = _before.TryGetValue(epoch, out Line before) ? before : null)
        {
            line[epoch.Epoch] = epoch;
        }

        return line;
    }

    private static List<Line> MarksOf(PulseGroup group) =>
        [.. ForkStatement.Decode(group.Statement()).Marks.Select(mark => new Line(mark.Epoch, Convert.ToHexStringLower(mark.Authenticator)))];

    /// <summary>Looks at a device. Whoever calls holds no turn of the chat's.</summary>
    public async Task LookAsync(Member member)
    {
        ClientCore core = (await member.Client.OpenAsync(default)).Core;
        if (!core.HasIdentity || await core.Store.ReadAsync(RecordKey.Pulses, id.ToArray()) is null)
        {
            return;
        }

        List<Line> marks = [];
        await core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                if (await work.PulseAsync(id) is { Group: { IsRemoved: false } group })
                {
                    marks = MarksOf(group);
                    _rosters[marks[0]] = [.. group.Roster.Devices.Select(device => device.Leaf.Address)];
                }
            },
            default);
        foreach ((Line after, Line before) in marks.Zip(marks.Skip(1)))
        {
            _before[after] = before;
        }

        foreach (OpenedRecord item in await core.Store.ScanAsync(RecordKey.PulseOutbox, default, id.ToArray(), 1000))
        {
            PulseOutboxRecord record = PulseOutboxRecord.Decode(item.Value);
            if (record.SentKey.Length > 0 && _seen.Add(record.Id)
                && await core.Store.ReadAsync(RecordKey.PulseSent, record.SentKey) is { } sent
                && MessageContent.Decode(PulseSentRecord.Decode(sent.Value).Draft.Type, PulseSentRecord.Decode(sent.Value).Draft.Body.Span) is TextContent text)
            {
                // A line that is not among those that the device remembers is one of which nothing can be said.
                Line line = marks.FirstOrDefault(mark => mark.Epoch == record.Epoch);
                (_sealed.TryGetValue(text.Value, out HashSet<Line>? lines) ? lines : _sealed[text.Value] = []).Add(
                    line.Authenticator is null ? new Line(record.Epoch, string.Empty) : line);
            }
        }
    }
}
