using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <content>Devices that came in by what has lost, and do not know it: they are told once the relay has a group info by which they come over.</content>
internal sealed partial class PulseWords
{
    /// <summary>The most devices on other lines that are remembered of one chat.</summary>
    private const int MaxStrays = 16;

    /// <summary>How long each member waits for the one before it to renew the relay's group info, and after how many it begins anew.</summary>
    private static readonly TimeSpan s_strayStep = TimeSpan.FromSeconds(30);

    private const int StraySteps = 20;

    /// <summary>How often a member renews the relay's group info for those on other lines, at most. Kept in memory.</summary>
    private static readonly TimeSpan s_renewInterval = TimeSpan.FromHours(1);

    /// <summary>How long one that is on another line is remembered: it asks each day.</summary>
    private static readonly TimeSpan s_strayAge = TimeSpan.FromDays(1);

    /// <summary>How many epochs may begin in that time, by whomever, until no member renews it any more: by one member's word, and a group info that another
    /// one's offer has put there, each of a thousand would.</summary>
    private const int MaxRenewals = 4;

    private readonly Dictionary<(PulseId Pulse, DeviceAddress Device), Stray> _strays = [];
    private readonly Dictionary<PulseId, DateTimeOffset> _renewed = [];

    /// <summary>The epoch of a chat when this device first wanted to renew it for strays, in the last hour.</summary>
    private readonly Dictionary<PulseId, (DateTimeOffset At, ulong Epoch)> _wanted = [];

    /// <summary>Chats whose candidates are looked at once more before this device renews its keys for that.</summary>
    private readonly HashSet<PulseId> _looked = [];

    /// <summary>How far members are who are sure of their line, where this device is not of its own.</summary>
    private readonly Dictionary<PulseId, ulong> _ahead = [];

    /// <summary>Chats of which nobody who is sure has said for a day that this device is on their line.</summary>
    private readonly Dictionary<PulseId, DateTimeOffset> _unanswered = [];

    /// <summary>Those of them whose group info at the relay was of another epoch, before the candidates were looked at.</summary>
    private readonly HashSet<PulseId> _elsewhere = [];

    /// <summary>When the relay's group info was last looked at for somebody whose account is not in the chat.</summary>
    private readonly Dictionary<PulseId, DateTimeOffset> _strangers = [];

    /// <summary>Sees to it that whoever is on another line can come over: where the relay's group info does not lead to where this device is,
    /// another one takes its place, with a commit. For whoever has the chat's round, after the candidates were looked at.</summary>
    /// <returns>Whether this device's keys are to be renewed for that.</returns>
    /// <exception cref="E2EException">The relay cannot be reached, or refuses.</exception>
    public async Task<bool> LeadStraysAsync(PulseId id, CancellationToken cancellationToken)
    {
        if (!StraysOf(id).Any() || !await core.ChangeAsync([Gates.Pulse(id)], IsAnyElsewhereAsync, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        byte[]? package = await core.Relay.GetGroupInfoAsync(id.ToArray(), cancellationToken).ConfigureAwait(false);
        return await core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                if (!await IsAnyElsewhereAsync(work).ConfigureAwait(false))
                {
                    return false;
                }

                OpenPulse pulse = (await work.PulseAsync(id).ConfigureAwait(false))!;
                PulseGroup group = pulse.Group!;
                if (LeadsHere(group, package))
                {
                    StraysOf(id).ToList().ForEach(stray => stray.IsToBeTold = true);
                    return false;
                }

                int rank = group.Roster.Devices.Count(device => device.Index < group.Mls.Own) % StraySteps;
                if (!MayRenew(id, group.Epoch, work.Now)
                    || work.Now - StraysOf(id).Min(stray => stray.HeardAt) < rank * s_strayStep
                    || (_renewed.TryGetValue(id, out DateTimeOffset last) && !IsOver(last, s_renewInterval, work.Now)))
                {
                    return false;
                }

                if (_looked.Add(id))
                {
                    // Another member's commit may be there by now, and word of it not yet.
                    pulse.Record.IsCatchUpWanted = true;
                    work.WantPump();
                    return false;
                }

                _looked.Remove(id);
                _renewed[id] = work.Now;
                group.Suspect();
                pulse.Change();
                return true;
            },
            cancellationToken).ConfigureAwait(false);

        // Where this device is, is known, and somebody is not there.
        async Task<bool> IsAnyElsewhereAsync(Work work)
        {
            if (await work.PulseAsync(id).ConfigureAwait(false) is not
                {
                    Record: { IsOpen: true, IsUnsure: false, IsCatchUpWanted: false, IsRejoinWanted: false, IsStalled: false } record,
                    Group: { IsRemoved: false, HasPrepared: false, Unfinished: null, Data.Rights.ExternalJoin: true } group,
                })
            {
                return false;
            }

            foreach (((PulseId, DeviceAddress Device) key, Stray stray) in _strays.Where(entry => entry.Key.Pulse == id).ToArray())
            {
                bool isReached = group.Knows(stray.Newest) ?? stray.Newest.Epoch < group.Epoch;
                if (isReached || IsOver(stray.HeardAt, s_strayAge, work.Now))
                {
                    _strays.Remove(key);
                    if (isReached)
                    {
                        record.AddToTell(key.Device);
                    }
                }
            }

            return StraysOf(id).Any(stray => !stray.IsToBeTold);
        }
    }

    /// <summary>Whether the chat has few epochs behind it in this hour.</summary>
    private bool MayRenew(PulseId id, ulong epoch, DateTimeOffset now)
    {
        if (!_wanted.TryGetValue(id, out (DateTimeOffset At, ulong Epoch) first) || IsOver(first.At, s_renewInterval, now))
        {
            _wanted[id] = first = (now, epoch);
        }

        return epoch < first.Epoch + MaxRenewals;
    }

    /// <summary>Whoever is not sure of its line, and has asked for a day in vain, comes over where the relay's group info is of another one: the others may
    /// not have this device in their roster any more, and hear nothing of it. For whoever has the chat's round, after the candidates were looked
    /// at.</summary>
    /// <exception cref="E2EException">The relay cannot be reached, or refuses.</exception>
    public async Task LookForOthersAsync(PulseId id, CancellationToken cancellationToken)
    {
        DateTimeOffset now = core.Time.GetUtcNow();
        if (!_unanswered.TryGetValue(id, out DateTimeOffset looked) || !IsOver(looked, s_askAgainInterval, now))
        {
            return;
        }

        _unanswered[id] = now;
        byte[]? package = await core.Relay.GetGroupInfoAsync(id.ToArray(), cancellationToken).ConfigureAwait(false);
        await core.ChangeAsync(
            [Gates.Pulse(id)],
            async work =>
            {
                if (await work.PulseAsync(id).ConfigureAwait(false) is not { Record: { IsOpen: true, IsUnsure: true } record, Group: { IsRemoved: false, Data.Rights.ExternalJoin: true } group })
                {
                    _unanswered.Remove(id);
                }
                else if (package is null || LeadsHere(group, package) || !record.MayRejoin(work.Now))
                {
                    _elsewhere.Remove(id);
                }
                else if (_elsewhere.Add(id))
                {
                    // It may be of a commit that leads on from here, and that this device has no word of yet: the candidates first.
                    record.IsCatchUpWanted = true;
                    _unanswered[id] = DateTimeOffset.UnixEpoch;
                    work.WantPump();
                }
                else
                {
                    // Once a day: several who are not sure would come to each other in turn.
                    _elsewhere.Remove(id);
                    _unanswered.Remove(id);
                    Doubt(id, record, group);
                    work.WantPump();
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static bool LeadsHere(PulseGroup group, byte[]? package)
    {
        try
        {
            return package is not null
                && PulsePackage.ReadWithSnapshot(package) is var (hash, info)
                && PublicBytes.Equal(hash, Sha256.Hash(group.Snapshot()))
                && group.LeadsHere(info);
        }
        catch (E2EException)
        {
            // Junk leads nobody anywhere.
            return false;
        }
    }

    private IEnumerable<Stray> StraysOf(PulseId id) => _strays.Where(entry => entry.Key.Pulse == id).Select(entry => entry.Value);

    private void NoteStray(PulseId id, DeviceAddress device, EpochMark newest, DateTimeOffset now)
    {
        if (_strays.TryGetValue((id, device), out Stray? known))
        {
            _strays[(id, device)] = new Stray(newest, known.HeardAt);
        }
        else if (StraysOf(id).Count() < MaxStrays)
        {
            _strays[(id, device)] = new Stray(newest, now);
        }
    }

    /// <summary>Somebody who is not in the chat says to be in it, and is not sure: it may have been taken out while it was on a line that lost.
    /// It is not answered; but where the relay leads to its line, it is led here, and learns that it is out.</summary>
    private void NoteStranger(Work work, OpenPulse pulse, PulseGroup group, DeviceAddress device, ReadOnlySpan<byte> body)
    {
        EpochMark newest;
        try
        {
            var line = PulseLine.Decode(body);
            ForkStatement said = ForkStatement.Decode(line.Statement);
            if (!line.IsUnsure || !PublicBytes.Equal(said.GroupId, group.Id))
            {
                return;
            }

            newest = said.Marks[0];
        }
        catch (E2EException)
        {
            // Of a stranger no app is told.
            return;
        }

        if (pulse.Record is not { IsUnsure: false, IsProvisional: false } || group is not { MayFollow: true, Data.Rights.ExternalJoin: true }
            || (_strangers.TryGetValue(pulse.Id, out DateTimeOffset last) && !IsOver(last, s_renewInterval, work.Now)))
        {
            return;
        }

        _strangers[pulse.Id] = work.Now;
        pulse.Record.IsCatchUpWanted = true;
        NoteStray(pulse.Id, device, newest, work.Now);
        work.WantPump();
    }

    /// <summary>Who is to be told that it is on another line; it is forgotten with that.</summary>
    private List<(DeviceAddress Device, EpochMark Newest)> StraysToTell(PulseId id, PulseRecord record)
    {
        var told = new List<(DeviceAddress, EpochMark)>();
        foreach (((PulseId, DeviceAddress Device) key, Stray stray) in _strays.Where(entry => entry.Key.Pulse == id && entry.Value.IsToBeTold).ToArray())
        {
            _strays.Remove(key);
            if (!record.IsUnsure)
            {
                told.Add((key.Device, stray.Newest));
            }
        }

        return told;
    }

    /// <summary>An unsure device that was told by a sure one that it is further, and has looked at all candidates without coming there, is elsewhere:
    /// it comes over.</summary>
    private void TakeElsewhere(Work work, OpenPulse pulse, PulseGroup group)
    {
        PulseRecord record = pulse.Record;
        if (record.IsCatchUpWanted || !_ahead.Remove(pulse.Id, out ulong epoch) || !record.IsUnsure || group.Epoch >= epoch
            || !MayComeOver(record, group, work.Now))
        {
            return;
        }

        Doubt(pulse.Id, record, group);
        work.WantPump();
    }

    /// <summary>A device on another line.</summary>
    /// <param name="Newest">The newest epoch that it states.</param>
    /// <param name="HeardAt">When it was first heard.</param>
    private sealed record Stray(EpochMark Newest, DateTimeOffset HeardAt)
    {
        /// <summary>Whether the relay has a group info by which it comes over.</summary>
        public bool IsToBeTold { get; set; }
    }
}
