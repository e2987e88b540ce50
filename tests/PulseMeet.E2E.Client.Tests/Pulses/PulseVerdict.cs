using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Tests.Messaging;

namespace PulseMeet.E2E.Client.Tests.Pulses;

/// <summary>What has to hold after a walk.</summary>
internal sealed class PulseVerdict(PulseWalk walk, string course)
{
    private readonly List<(Member Member, PulseGroup Group)> _in = [];
    private readonly HashSet<Member> _sure = [];
    private readonly List<DeviceAddress> _stranded = [];
    private readonly List<string> _states = [];

    public int Opened { get; private set; }

    public int Required { get; private set; }

    public int Members => _in.Count;

    /// <summary>Whoever is in the chat is on one line. It may be on another one, and is told so then, beside a store that was put back, and where
    /// nobody is sure of a line: everybody has come back by itself, or by whoever did, and nobody is there who had not.</summary>
    public async Task AssertOneLineAsync()
    {
        foreach (Member device in walk.Devices)
        {
            _states.Add($"{Name(device.Address)} keeps {await PulseState.OfAsync(walk, device)}");
            if (await walk.RecordOfAsync(device) is not { IsOpen: true } record)
            {
                continue;
            }

            if (record.IsRejoinWanted || record.IsStalled || record.IsProvisional)
            {
                // A chat that takes no joins leaves out whoever cannot follow; any chat one whose store was put back to before the others came, so that
                // nobody whom it knows has signed since. The app was told.
                // Nor does a device come back that was removed while it was on a line that lost, where no word of that reaches it.
                bool isRefused = record.IsStalled
                    && device.Seen.OfType<PulseStalled>().Any(stalled => stalled.PulseId == walk.Id && stalled.Reason == E2EError.GroupJoinRefused);
                bool isBehindNewcomers = isRefused && walk.PutBackAt.ContainsKey(device);
                if (isRefused && !isBehindNewcomers)
                {
                    _stranded.Add(device.Address);
                }

                Assert.True(
                    isRefused || (!walk.TakesJoins && (record.IsStalled || record.IsProvisional)),
                    Say($"{device.Address} does not come back: rejoin {record.IsRejoinWanted}, stalled {record.IsStalled}, provisional {record.IsProvisional}"));
                continue;
            }

            if (!record.IsUnsure)
            {
                _sure.Add(device);
            }

            await (await device.Client.OpenAsync(default)).Core.ChangeAsync(
                [Gates.Pulse(walk.Id)], async work => _in.Add((device, (await work.PulseAsync(walk.Id))!.Require())), default);
        }

        foreach (DeviceAddress stranded in walk.TakesJoins ? _stranded : [])
        {
            Assert.DoesNotContain(_in, entry => entry.Group.Roster.Devices.Any(device => device.Leaf.Address == stranded));
        }

        // In a chat that takes no joins, whoever follows what was in front of the others is on the line of the others.
        (Member Member, PulseGroup Group)[][] lines = [.. _in
            .GroupBy(entry => Convert.ToHexStringLower(entry.Group.EpochAuthenticator()))
            .Select(line => line.ToArray()).OrderByDescending(line => line.Length)];

        Assert.True(
            lines.Length <= 1 || (IsTold(lines) && (HasCopies(lines) || _sure.Count == 0)),
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

            string[] twice = [.. texts.GroupBy(text => text).Where(same => same.Count() > 1).Select(same => same.Key)];
            Assert.True(
                twice.All(text => walk.Texts.Any(said => said.Text == text && MayComeTwice(device, said))),
                Say($"{device.Address} is shown something twice: {string.Join(", ", twice)}"));
        }
    }

    /// <summary>What was sealed for those who are in the chat now, and were since, they have all opened. Lost, and named so, is only what a sender
    /// cannot say again: it was out, and told that this was not sent, or its store was put back. Missed by nobody is only what was last in a stream that has ended, by
    /// a store that was put back or a relay that said so.</summary>
    public void AssertEverybodyOpens()
    {
        if (_in.Count == 0)
        {
            return;
        }

        HashSet<DeviceAddress> roster = [.. _in[0].Group.Roster.Devices.Select(device => device.Leaf.Address)];
        IReadOnlyDictionary<ulong, Line> main = walk.Witness.LineOf(_in[0].Group);
        var lost = new Dictionary<(Member By, Member From), List<PulseText>>();
        foreach (PulseText said in walk.Texts.Where(said => roster.Contains(said.From.Address)))
        {
            Line[] lines = [.. walk.Witness.SealedIn(said.Text).Where(line => main.TryGetValue(line.Epoch, out Line on) && on == line)];
            if (lines.Length == 0)
            {
                continue;
            }

            // Sealed again under its number, since it had lain there for long, it is for whoever was there at first.
            ulong from = lines.Min(line => line.Epoch);
            bool[] wasThere(Member member) => [.. main.Where(entry => entry.Key >= from).Select(entry => walk.Witness.RosterOf(entry.Value)?.Contains(member.Address) != false)];
            foreach ((Member member, _) in _in.Where(entry => entry.Member != said.From && IsKept(entry.Member, said.Step) && wasThere(entry.Member).All(there => there)))
            {
                Required++;
                if (member.PulseTexts(walk.Id).Contains(said.Text) || IsBehindTheEnd(member, said))
                {
                    continue;
                }

                Assert.True(
                    CannotBeSaidAgain(said),
                    Say($"{member.Address} misses «{said.Text}», sealed in {string.Join(", ", lines.Select(line => line.Epoch))}; told {Told(member)}"));
                (lost.TryGetValue((member, said.From), out List<PulseText>? texts) ? texts : lost[(member, said.From)] = []).Add(said);
            }
        }

        foreach (((Member by, Member from), List<PulseText> texts) in lost)
        {
            Assert.True(
                Lost(by, from) >= (ulong)texts.Count,
                Say($"{by.Address} is not told that {string.Join(", ", texts.Select(said => $"«{said.Text}»"))} is lost; told {Told(by)}"));
        }
    }

    public override string ToString() => $"{_in.Count} devices in it, {walk.Texts.Count} texts, {Opened} opened, {Required} of them had to be";

    /// <summary>Whether a fork may be of stores that were put back (docs/threat-model.md, "Pulse chats"): such a device has committed beside its own
    /// later commit, or under a key that it had used, since the relay denied that. All but one line have one, or had one that is out by now.</summary>
    private bool HasCopies((Member Member, PulseGroup Group)[][] lines) =>
        lines.Count(line => line.Any(entry => walk.PutBackAt.ContainsKey(entry.Member)))
            + walk.PutBackAt.Keys.Count(copy => _in.All(entry => entry.Member != copy)) >= lines.Length - 1;

    /// <summary>Whether everybody is told, on one device at least, of a fork that begins no earlier than the lines part: one that was linked on a
    /// line since knows of no epoch before, and hears of the other once that is as far. Who is on it may be told by those of the other line alone
    /// whom it has in its roster, and who have it in theirs.</summary>
    private bool IsTold((Member Member, PulseGroup Group)[][] lines) =>
        lines.All(line => lines.Where(other => other != line).Select(other => Parted(line[0].Group, other[0].Group)).Min() is var parted
            && line.GroupBy(entry => entry.Member.UserId).All(devices => !devices.Any(entry => lines.Any(other => other != line && other.Any(
                there => Has(entry.Group, there.Member) && Has(there.Group, entry.Member)))) || devices
                .SelectMany(entry => entry.Member.Seen).OfType<PulseForkSuspected>().Any(fork => fork.PulseId == walk.Id && fork.Epoch >= parted)));

    private static bool Has(PulseGroup group, Member member) => group.Roster.Devices.Any(device => device.Leaf.Address == member.Address);

    /// <summary>The first epoch in which two are on different lines, as far back as anybody followed both.</summary>
    private ulong Parted(PulseGroup one, PulseGroup other)
    {
        IReadOnlyDictionary<ulong, Line> others = walk.Witness.LineOf(other);
        return walk.Witness.LineOf(one).Where(entry => others.TryGetValue(entry.Key, out Line line) && line != entry.Value)
            .Select(entry => entry.Key).DefaultIfEmpty(0UL).Min();
    }

    /// <summary>A store that was put back does not know what it had shown since, nor that what waited in it to be sealed has been sent: that has a
    /// number of another stream then.</summary>
    private bool MayComeTwice(Member device, PulseText said) =>
        !IsKept(device, said.Step) || (!IsKept(said.From, said.Step) && walk.Witness.PlacesOf(said.Text).Count > 1);

    /// <summary>Whether a sender has nothing any more of what it said: its store was put back; or it was out of the chat, and was told that this was
    /// not sent.</summary>
    private bool CannotBeSaidAgain(PulseText said) => !IsKept(said.From, said.Step)
        || said.From.Seen.OfType<PulseClosed>().Any(closed => closed.PulseId == walk.Id && (said.Id is null || closed.Unsent.Contains(said.Id.Value)));

    /// <summary>Whether nothing shows that a text is missing: its stream has ended, or its sender is out, on that device alone, and nothing that was said behind it in that stream has come;
    /// or a copy, which did not know that it was one, has said something else under its number; or its stream has ended before its sender told
    /// this device, as it does each day, from where on it is to be heard there, and nothing before it has come.</summary>
    private bool IsBehindTheEnd(Member member, PulseText said)
    {
        bool isThere = _in.Any(entry => entry.Member == said.From);
        if (isThere && IsKept(said.From, said.Step) && !said.From.Seen.Any(e => e is StoreRolledBack))
        {
            return false;
        }

        HashSet<string> opened = [.. member.PulseTexts(walk.Id)];
        Place[] others = [.. walk.Texts.Where(other => other != said && opened.Contains(other.Text)).SelectMany(other => walk.Witness.PlacesOf(other.Text))];
        MessageId current = walk.Texts.Where(other => other.From == said.From).SelectMany(other => walk.Witness.PlacesOf(other.Text)).Last().Stream;
        return walk.Witness.PlacesOf(said.Text).All(place =>
            others.Contains(place)
            || !others.Any(other => other.Stream == place.Stream && other.Number > place.Number)
            || (place.Stream != current && !others.Any(other => other.Stream == place.Stream && other.Number < place.Number)));
    }

    private static ulong Lost(Member member, Member sender) => member.Seen.OfType<PulseMessagesMissing>()
        .Where(missing => missing.IsLost && missing.Sender == sender.Address).Aggregate(0UL, (sum, missing) => sum + missing.Count);

    private static string Told(Member member) => string.Join(
        ", ", member.Seen.OfType<PulseMessagesMissing>().Select(missing => $"{missing.Count} {(missing.IsLost ? "lost" : "missing")} of {Name(missing.Sender)}"));

    private bool IsKept(Member device, int step) => !walk.PutBackAt.TryGetValue(device, out int at) || at < step;

    private static string Name(DeviceAddress device) => $"{device.UserId}/{device.DeviceId}";

    private string Say(string what) =>
        $"{what}.\n{course}\n{string.Join('\n', _states)}\n{string.Join('\n', walk.Devices.Concat(walk.Gone).Select(device => $"{Name(device.Address)}: {string.Join(", ", device.Seen.Where(e => e is PulseEvent and not PulseMessageReceived).Select(Name))}"))}";

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
