using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <content>Which line a device is on: whom it tells and asks, and what it makes of what others say.</content>
internal sealed partial class PulseWords
{
    /// <summary>Notes whom to tell which line this device is on, where it is time.</summary>
    public Task StateAsync(PulseId id, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            if (await work.PulseAsync(id).ConfigureAwait(false) is not { Record: { IsOpen: true } record, Group: { IsRemoved: false } group } pulse)
            {
                return;
            }

            TakeElsewhere(work, pulse, group);
            var lines = new Dictionary<DeviceAddress, (bool IsAsking, byte[] Denied)>();
            Choose(work, id, record, group, lines);
            foreach ((DeviceAddress device, (bool isAsking, byte[] denied)) in lines)
            {
                await StateAsync(work, id, record, group, device, isAsking, denied).ConfigureAwait(false);
            }
        },
        cancellationToken);

    /// <summary>Whom to tell which line this device is on, whom of them to ask, and whom to deny theirs.</summary>
    private void Choose(
        Work work, PulseId id, PulseRecord record, PulseGroup group, Dictionary<DeviceAddress, (bool IsAsking, byte[] Denied)> lines)
    {
        foreach (DeviceAddress device in record.ToTell)
        {
            lines[device] = (false, []);
        }

        // Until they answer: one that does not know whether it is in does not.
        record.ToAsk.RemoveAll(device => !IsThere(group, device));
        foreach (DeviceAddress device in record.ToAsk.Where(device => IsAskDue((id, device), work.Now)))
        {
            lines[device] = (true, []);
        }

        foreach ((DeviceAddress device, EpochMark newest) in StraysToTell(id, record))
        {
            lines[device] = (lines.GetValueOrDefault(device).IsAsking, group.Knows(newest) is null ? newest.Authenticator : []);
        }

        record.ToTell.Clear();
        bool asks = record.IsAskWanted && IsOver(record.AskedAt, AskInterval, work.Now);
        if (!asks && !IsOver(record.StatedAt, Interval, work.Now))
        {
            return;
        }

        // It has asked for a day, and nobody says otherwise: nobody else may be there. It goes on, as one that is not sure of it.
        record.IsProvisional &= record.IsByWelcome || !IsOver(record.StatedAt, Interval, work.Now);
        foreach (DeviceAddress device in Choose([.. group.Roster.Devices.Select(device => device.Leaf.Address).Where(device => device != core.Address)]))
        {
            (bool isAsking, byte[]? denied) = lines.GetValueOrDefault(device);
            lines[device] = (isAsking || asks || record.IsUnsure, denied ?? []);
        }

        if (IsOver(record.StatedAt, Interval, work.Now))
        {
            // Word of a commit may have been lost; of one that takes this device out no member tells it.
            record.IsCatchUpWanted = true;
            work.WantPump();
            if (record.IsUnsure)
            {
                _unanswered.TryAdd(id, DateTimeOffset.UnixEpoch);
            }
        }

        record.StatedAt = work.Now;
        if (asks)
        {
            record.AskedAt = work.Now;
            record.IsAskWanted = false;
        }
    }

    /// <summary>Notes what a device is to be told. It takes the place of what it was to be told before, and asks and denies for that, too.</summary>
    private async Task StateAsync(Work work, PulseId id, PulseRecord record, PulseGroup group, DeviceAddress device, bool isAsking, byte[] denied)
    {
        if (!IsThere(group, device))
        {
            return;
        }

        PulseSayRecord say = Make(new PulseLine(PulseLine.Says, 0, []));
        if (await work.ReadAsync(RecordKey.PulseSays, say.Key).ConfigureAwait(false) is { } waiting)
        {
            var before = PulseLine.Decode(PulseSayRecord.Decode(waiting).Body);
            isAsking |= before.IsAsking;
            denied = denied.Length > 0 || record.IsUnsure ? denied : before.Denied;
        }

        byte kind = denied.Length > 0 ? PulseLine.Denies : KindOf(record, isAsking);
        say = Make(new PulseLine(kind, Since(record, device), group.Statement()) { Denied = denied });
        work.Put(RecordKey.PulseSays, say.Key, say.Encode());
        work.WantPump();

        PulseSayRecord Make(PulseLine line) => new(
            device, group.Roster.Find(device.UserId)!.AccountKey, id, ContentType.PulseLine, line.Encode());
    }

    private bool IsAskDue((PulseId Id, DeviceAddress Device) asked, DateTimeOffset now)
    {
        TimeSpan pause = s_askAgainInterval;
        if (_asked.TryGetValue(asked, out (DateTimeOffset At, TimeSpan Pause) last))
        {
            if (!IsOver(last.At, last.Pause, now))
            {
                return false;
            }

            pause = last.Pause * 2 < Interval ? last.Pause * 2 : Interval;
            if (pause == s_askAgainInterval * 4)
            {
                _silent[asked.Device] = true;
            }
        }

        _asked[asked] = (now, pause);
        return true;
    }

    /// <summary>Behind which number what this device says is for another.</summary>
    private ulong Since(PulseRecord record, DeviceAddress device) =>
        record.Baselines.TryGetValue(device, out PulseBaseline came) && came.StreamId == core.StreamId ? came.Number : 0;

    private static byte KindOf(PulseRecord record, bool isAsking) => record switch
    {
        { IsProvisional: true } => PulseLine.Wonders,
        { IsUnsure: true } => isAsking ? PulseLine.AsksUnsure : PulseLine.SaysUnsure,
        _ => isAsking ? PulseLine.Asks : PulseLine.Says,
    };

    private void Judge(Work work, OpenPulse pulse, PulseGroup group, DeviceAddress speaker, PulseLine line)
    {
        PulseRecord record = pulse.Record;
        ForkStatement said = ForkStatement.Decode(line.Statement);
        ForkFinding finding = group.Judge(line.Statement, speaker);
        bool isAnswered = line.IsAsking || said.Marks[0].Epoch < group.Epoch;
        bool isElsewhere = line.IsUnsure && record is { IsUnsure: false, IsProvisional: false }
            && group is { MayFollow: true, Data.Rights.ExternalJoin: true } && finding.Judgement != ForkJudgement.Overtaken
            && (group.Knows(said.Marks[0]) == false || said.Marks[0].Epoch > group.Epoch);
        switch (finding.Judgement)
        {
            case var _ when line.Kind == PulseLine.Wonders:
                break;
            case ForkJudgement.Overtaken when line.IsUnsure:
                break;
            case ForkJudgement.Fork when line.IsUnsure && !record.IsUnsure:
                // It comes over once it is told.
                isAnswered = true;
                break;
            case ForkJudgement.Agree:
                record.IsProvisional = false;
                record.IsUnsure &= line.IsUnsure;
                if (!line.IsUnsure && _doubts.TryGetValue(pulse.Id, out ulong doubted) && doubted == group.Epoch
                    && record.Cause is null && group.MayFollow && said.Marks[0].Epoch == group.Epoch)
                {
                    // Somebody else has spoken of another line: the same counts, whoever is heard first.
                    record.IsRejoinWanted = false;
                }

                if (record is { IsStalled: true, Cause: null } && group.MayFollow && said.Marks[0].Epoch == group.Epoch)
                {
                    // It has missed nothing: the relay said so.
                    record.Follow();
                }

                break;
            case ForkJudgement.Behind:
                record.IsCatchUpWanted = true;
                if (record.IsUnsure && !line.IsUnsure)
                {
                    _ahead[pulse.Id] = finding.Epoch;
                }

                break;
            case ForkJudgement.Unknown when line.Kind == PulseLine.Denies && record.IsUnsure && group.WasIn(line.Denied) && MayComeOver(record, group, work.Now):
                // Nothing at the relay leads the speaker to where this device is.
                Doubt(pulse.Id, record, group);
                break;
            case ForkJudgement.Overtaken:
                record.IsRejoinWanted = true;
                record.Cause = finding.Committer;
                break;
            case ForkJudgement.Fork when record.IsUnsure && !line.IsUnsure && MayComeOver(record, group, work.Now):
                // This device came in by what has lost, and the speaker, who has it in its roster, is where it should be.
                Doubt(pulse.Id, record, group);
                break;
            case ForkJudgement.Fork when record.IsProvisional && record.IsByWelcome:
                // Whoever was added waits: the commit that lost is made anew.
                break;
            case ForkJudgement.Fork when record.IsProvisional && MayComeOver(record, group, work.Now):
                // This device's own join was not taken: once more.
                Doubt(pulse.Id, record, group);
                break;
            case ForkJudgement.Fork:
                if (record.ToldFork != finding.Epoch + 1 && _toldForks.Add((pulse.Id, finding.Epoch)))
                {
                    record.ToldFork = finding.Epoch + 1;
                    isAnswered = true;
                    work.AddEvent(new PulseForkSuspected(pulse.Id, speaker, finding.Epoch));
                }

                break;
        }

        // A device that does not know whether it is in has nothing to say: two of them would ask each other for ever.
        if (isAnswered && !record.IsProvisional && !record.ToTell.Contains(speaker) && TryAnswer(pulse.Id, speaker, work.Now))
        {
            if (isElsewhere)
            {
                // Once the candidates were looked at, and the relay has a group info by which it comes over.
                record.IsCatchUpWanted = true;
                NoteStray(pulse.Id, speaker, said.Marks[0], work.Now);
            }
            else
            {
                record.AddToTell(speaker);
            }
        }

        work.WantPump();
    }

    /// <summary>Whether a device that came in by what has lost may come in once more by itself. Once no more joins may be made today, what one member says
    /// of another line lets nobody wait for one.</summary>
    private static bool MayComeOver(PulseRecord record, PulseGroup group, DateTimeOffset now) =>
        (!record.IsByWelcome || group.Data.Rights.ExternalJoin) && record.MayRejoin(now);

    /// <summary>By one member's word this device comes back, unless another's says in time that it is where it should be.</summary>
    private void Doubt(PulseId id, PulseRecord record, PulseGroup group)
    {
        if (!record.IsRejoinWanted)
        {
            record.IsRejoinWanted = true;
            _doubts[id] = group.Epoch;
        }
    }

    /// <summary>Whether a device may be answered now. It may; it is counted. Kept in memory; for the one reader of what was said.</summary>
    private bool TryAnswer(PulseId id, DeviceAddress device, DateTimeOffset now)
    {
        foreach ((PulseId, DeviceAddress) old in _answered.Where(answered => IsOver(answered.Value.From, AskInterval, now)).Select(answered => answered.Key).ToArray())
        {
            _answered.Remove(old);
        }

        (DateTimeOffset from, int count) = _answered.GetValueOrDefault((id, device), (now, 0));
        _answered[(id, device)] = (from, count + 1);
        return count < MaxAnswers;
    }

    /// <summary>A few of many, by chance.</summary>
    private static IEnumerable<DeviceAddress> Choose(DeviceAddress[] others)
    {
        if (others.Length <= MaxToldAtOnce)
        {
            return others;
        }

        var chosen = new HashSet<DeviceAddress>();
        Span<byte> random = stackalloc byte[4];
        while (chosen.Count < MaxToldAtOnce)
        {
            Randomness.Fill(random);
            chosen.Add(others[BitConverter.ToUInt32(random) % (uint)others.Length]);
        }

        return chosen;
    }
}
