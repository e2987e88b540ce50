using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Tests.Messaging;

namespace PulseMeet.E2E.Client.Tests.Pulses;

/// <summary>An epoch on a line, as members tell lines apart.</summary>
internal readonly record struct Line(ulong Epoch, string Authenticator);

/// <summary>A number in a sender's stream.</summary>
internal readonly record struct Place(MessageId Stream, ulong Number);

/// <summary>What a walk's members hold, read out of their own stores at every call of the relay: who is in which epoch of which line, and in which one
/// each text was sealed.</summary>
internal sealed class PulseWitness(PulseId id)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Line, HashSet<DeviceAddress>> _rosters = [];
    private readonly Dictionary<string, HashSet<Line>> _sealed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<Place>> _places = new(StringComparer.Ordinal);
    private readonly HashSet<MessageId> _seen = [];
    private readonly Dictionary<Line, Line> _before = [];

    /// <summary>The epochs in which a text was sealed for the group.</summary>
    public IReadOnlySet<Line> SealedIn(string text) => _sealed.TryGetValue(text, out HashSet<Line>? lines) ? lines : new HashSet<Line>();

    /// <summary>Where a text stands among what its sender said: in more than one place, where it was sealed anew in another stream.</summary>
    public IReadOnlySet<Place> PlacesOf(string text) => _places.TryGetValue(text, out HashSet<Place>? places) ? places : new HashSet<Place>();

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
        HashSet<DeviceAddress> roster = [];
        await core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                if (await work.PulseAsync(id) is { Group: { IsRemoved: false } group })
                {
                    marks = MarksOf(group);
                    roster = [.. group.Roster.Devices.Select(device => device.Leaf.Address)];
                }
            },
            default);
        var sealedNow = new List<(MessageId Id, ulong Epoch, Place Place, string Text)>();
        foreach (OpenedRecord item in await core.Store.ScanAsync(RecordKey.PulseOutbox, default, id.ToArray(), 1000))
        {
            PulseOutboxRecord record = PulseOutboxRecord.Decode(item.Value);
            if (record.SentKey.Length > 0 && await core.Store.ReadAsync(RecordKey.PulseSent, record.SentKey) is { } sent
                && PulseSentRecord.Decode(sent.Value).Draft is var draft
                && MessageContent.Decode(draft.Type, draft.Body.Span) is TextContent text)
            {
                sealedNow.Add((record.Id, record.Epoch, new Place(draft.Stream.StreamId, draft.Number), text.Value));
            }
        }

        // Several devices may be looked at in one moment; what was read as a whole counts.
        lock (_lock)
        {
            if (marks.Count > 0)
            {
                _rosters[marks[0]] = roster;
            }

            foreach ((Line after, Line before) in marks.Zip(marks.Skip(1)))
            {
                _before[after] = before;
            }

            foreach ((_, ulong epoch, Place place, string text) in sealedNow.Where(message => _seen.Add(message.Id)))
            {
                // A line that is not among those that the device remembers is one of which nothing can be said.
                Line line = marks.FirstOrDefault(mark => mark.Epoch == epoch);
                (_sealed.TryGetValue(text, out HashSet<Line>? lines) ? lines : _sealed[text] = []).Add(
                    line.Authenticator is null ? new Line(epoch, string.Empty) : line);
                (_places.TryGetValue(text, out HashSet<Place>? places) ? places : _places[text] = []).Add(place);
            }
        }
    }
}
