using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Tests.Messaging;

namespace PulseMeet.E2E.Client.Tests.Pulses;

/// <summary>What has to hold after a walk.</summary>
internal sealed class PulseVerdict(PulseWalk walk, string course)
{
    private readonly List<(Member Member, PulseGroup Group)> _in = [];

    public int Opened { get; private set; }

    public int Required { get; private set; }

    public int Members => _in.Count;

    /// <summary>Whoever is in the chat is on one line; or is told that it is not.</summary>
    public async Task AssertOneLineAsync()
    {
        foreach (Member device in walk.Devices)
        {
            if (await walk.RecordOfAsync(device) is not { IsOpen: true } record)
            {
                continue;
            }

            if (record.IsRejoinWanted || record.IsStalled || record.IsProvisional)
            {
                // A chat that takes no joins leaves out whoever cannot follow; the app was told.
                Assert.True(
                    !walk.TakesJoins && (record.IsStalled || record.IsProvisional),
                    Say($"{device.Address} does not come back: rejoin {record.IsRejoinWanted}, stalled {record.IsStalled}, provisional {record.IsProvisional}"));
                continue;
            }

            await (await device.Client.OpenAsync(default)).Core.ChangeAsync(
                [Gates.Pulse(walk.Id)], async work => _in.Add((device, (await work.PulseAsync(walk.Id))!.Require())), default);
        }

        // In a chat that takes no joins, whoever follows what was in front of the others is on the line of the others.
        (Member Member, PulseGroup Group)[][] lines = [.. _in
            .GroupBy(entry => Convert.ToHexStringLower(entry.Group.EpochAuthenticator()))
            .Select(line => line.ToArray()).OrderByDescending(line => line.Length)];

        // Where a store was put back, and the relay has said that it was not, a device that cannot come back by itself may have committed beside
        // its own later commit: the fork is named on both sides.
        bool isNamed = !walk.TakesJoins && walk.PutBackAt.Count > 0
            && lines.All(line => line.Any(entry => entry.Member.Seen.Any(e => e is PulseForkSuspected)));
        Assert.True(
            lines.Length <= 1 || isNamed,
            Say($"There are several lines: {string.Join("; ", _in.Select(entry => $"{Name(entry.Member.Address)} in epoch {entry.Group.Epoch} with {string.Join(' ', entry.Group.Roster.Devices.Select(device => Name(device.Leaf.Address)))}"))}"));
        _in.RemoveAll(entry => lines.Length > 1 && !lines[0].Contains(entry));
    }

    /// <summary>A device opens what was sealed for an epoch in which it is, and nothing else; and nothing twice.</summary>
    public void AssertNobodyElseOpens()
    {
        foreach (Member device in walk.Devices.Concat(walk.Gone))
        {
            string[] texts = [.. device.PulseTexts(walk.Id)];
            Opened += texts.Length;
            foreach (string text in texts.Distinct())
            {
                IReadOnlySet<DeviceAddress>?[] rosters = [.. walk.Witness.SealedIn(text).Select(walk.Witness.RosterOf)];
                Assert.True(
                    rosters.Length > 0 && rosters.Any(roster => roster is null || roster.Contains(device.Address)),
                    Say($"{device.Address} opens «{text}», which was not for it"));
            }

            Assert.True(
                walk.PutBackAt.ContainsKey(device) || texts.Length == texts.Distinct().Count(),
                Say($"{device.Address} is shown something twice: {string.Join(", ", texts.GroupBy(text => text).Where(same => same.Count() > 1).Select(same => same.Key))}"));
        }
    }

    /// <summary>What was sealed for those who are in the chat now, and were since, they have all opened.</summary>
    public void AssertEverybodyOpens()
    {
        if (_in.Count == 0)
        {
            return;
        }

        HashSet<DeviceAddress> roster = [.. _in[0].Group.Roster.Devices.Select(device => device.Leaf.Address)];
        IReadOnlyDictionary<ulong, Line> main = walk.Witness.LineOf(_in[0].Group);
        foreach (PulseText said in walk.Texts.Where(said => IsKept(said.From, said.Step) && roster.Contains(said.From.Address)))
        {
            if (said.From.Seen.Any(e => e is StoreRolledBack))
            {
                // The stream has ended, also where the relay only said so: what was last in it and was lost on the way nobody misses.
                continue;
            }

            Line[] lines = [.. walk.Witness.SealedIn(said.Text).Where(line => main.TryGetValue(line.Epoch, out Line on) && on == line)];
            if (lines.Length == 0)
            {
                continue;
            }

            ulong from = lines.Max(line => line.Epoch);
            foreach ((Member member, _) in _in.Where(entry => entry.Member != said.From && IsKept(entry.Member, said.Step)))
            {
                bool isSince = main.Where(entry => entry.Key >= from).All(entry => walk.Witness.RosterOf(entry.Value)?.Contains(member.Address) != false);
                if (isSince)
                {
                    Required++;
                    Assert.True(
                        member.PulseTexts(walk.Id).Contains(said.Text),
                        Say($"{member.Address} misses «{said.Text}», sealed in {string.Join(", ", lines.Select(line => line.Epoch))}; told {string.Join(", ", member.Seen.OfType<PulseMessagesMissing>().Select(missing => $"{missing.Sender} {missing.Count} {(missing.IsLost ? "lost" : "missing")}"))}"));
                }
            }
        }
    }

    public override string ToString() => $"{_in.Count} devices in it, {walk.Texts.Count} texts, {Opened} opened, {Required} of them had to be";

    private bool IsKept(Member device, int step) => !walk.PutBackAt.TryGetValue(device, out int at) || at < step;

    private static string Name(DeviceAddress device) => $"{device.UserId}/{device.DeviceId}";

    private string Say(string what) =>
        $"{what}.\n{course}\n{string.Join('\n', walk.Devices.Concat(walk.Gone).Select(device => $"{Name(device.Address)}: {string.Join(", ", device.Seen.Where(e => e is PulseEvent and not PulseMessageReceived).Select(Name))}"))}";

    private static string Name(E2EEvent e) => e switch
    {
        PulseMessageUnreadable unreadable => $"unreadable {unreadable.Reason}",
        PulseMessagesMissing missing => $"{missing.Count} {(missing.IsLost ? "lost" : "missing")} of {Name(missing.Sender)}",
        PulseJoined joined => $"joined by {Name(joined.By)}",
        PulseClosed closed => $"closed by {Name(closed.By)}",
        PulseStalled stalled => $"stalled {stalled.Reason}",
        PulseRejoined rejoined => $"rejoined {Name(rejoined.Device)}",
        PulseMembersChanged changed => $"by {Name(changed.By)} +{string.Join('+', changed.Added)} -{string.Join('-', changed.Removed.Concat(changed.Left))}",
        _ => e.GetType().Name,
    };
}
