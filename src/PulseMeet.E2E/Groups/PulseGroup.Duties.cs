using System.Buffers.Binary;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>What this member does without being asked: a function of its state and the time.</summary>
internal sealed partial class PulseGroup
{
    /// <summary>What is due now. Nothing is while a commit waits, or one is to be made anew.</summary>
    /// <param name="now">The time.</param>
    /// <param name="schedule">How long what may take.</param>
    public IReadOnlyList<GroupDuty> Duties(DateTimeOffset now, GroupSchedule schedule)
    {
        if (IsRemoved || _pending is not null || Unfinished is not null)
        {
            return [];
        }

        long seconds = now.ToUnixTimeSeconds();
        _ages.Limit(seconds);
        var duties = new List<GroupDuty>();
        if (UpdateReason(seconds, schedule) is { } reason)
        {
            duties.Add(new GroupDuty(reason, new UpdateIntent()));
        }

        duties.AddRange(SilentDevices(seconds, schedule));
        return duties;
    }

    /// <summary>What follows from a list of an account, where it is newer than the one that the group knows.</summary>
    /// <param name="list">The encoded list.</param>
    /// <param name="keyPackages">Key packages of its devices.</param>
    /// <returns>Null where the account is not in the group, or its list is known.</returns>
    /// <exception cref="E2EException">The list is refused (<see cref="E2EError.GroupDeviceListRefused"/>).</exception>
    public GroupIntent? Follow(ReadOnlySpan<byte> list, IReadOnlyList<byte[]> keyPackages)
    {
        KnownList newer = KnownList.Verify(list);
        return !IsRemoved
            && _shape.Lists.Find(newer.UserId) is { } known
            && known.IsSameAccount(newer.AccountKey)
            && known.Number < newer.Number
                ? new BringIntent([new Invitee(list.ToArray(), keyPackages)])
                : null;
    }

    private GroupDutyReason? UpdateReason(long now, GroupSchedule schedule)
    {
        long age = now - (_ages.Since(_mls.Own) ?? now);
        if (_suspected || _rolledBack)
        {
            return GroupDutyReason.Suspicion;
        }

        if (IsLeaveDue(now, schedule))
        {
            return GroupDutyReason.LeaveWaits;
        }

        if (_shape.Lists.Find(_device.Address.UserId)!.Number < _device.List.Number)
        {
            return GroupDutyReason.OwnList;
        }

        if (age >= (long)schedule.Rotation.TotalSeconds)
        {
            return GroupDutyReason.Age;
        }

        if (_sent >= schedule.MessagesPerKey)
        {
            return GroupDutyReason.Messages;
        }

        bool isFresh = _mls.Current.OwnLeaf.Source == LeafNodeSource.KeyPackage && Roster.DeviceCount > 1;
        return isFresh && age >= Spread((long)schedule.FirstUpdate.TotalSeconds) ? GroupDutyReason.FirstUpdate : null;
    }

    /// <summary>The member of the lowest leaf commits at once, each further one a step later, if nobody has.</summary>
    private bool IsLeaveDue(long now, GroupSchedule schedule)
    {
        foreach ((LeaveRequest request, long since) in _leaves)
        {
            if (request.FindLeaf(Suite, _mls.View) is { } leaf && AddressOf(leaf).UserId is { } user && user != _device.Address.UserId)
            {
                int rank = Roster.Devices.Count(device => device.Index < _mls.Own && device.Leaf.Address.UserId != user);
                if (now - Math.Min(since, now) >= rank * (long)schedule.LeaveStep.TotalSeconds)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private IEnumerable<GroupDuty> SilentDevices(long now, GroupSchedule schedule)
    {
        GroupRole role = Data.RoleOf(_device.Address.UserId);
        foreach ((uint index, PulseLeaf leaf) in Roster.Devices)
        {
            GroupRole target = Roster.Find(leaf.Address.UserId)!.Devices.Count > 1 ? GroupRole.Member : Data.RoleOf(leaf.Address.UserId);
            bool mayRemove = leaf.Address.UserId == _device.Address.UserId
                || (Data.Has(role, Data.Rights.Remove)
                    && (target == GroupRole.Member || (target == GroupRole.Admin && Data.Has(role, GroupRole.Creator))));
            if (index != _mls.Own && mayRemove && now - (_ages.Since(index) ?? now) >= (long)schedule.Silence.TotalSeconds)
            {
                yield return new GroupDuty(
                    GroupDutyReason.Silence,
                    new RemoveDeviceIntent(leaf.Address, Sha256.Hash(_mls.View.Tree.Leaf(index)!.EncryptionKey)));
            }
        }
    }

    /// <summary>This device's own moment within a time, by its key.</summary>
    private long Spread(long within) => within == 0
        ? 0
        : (long)(BinaryPrimitives.ReadUInt64BigEndian(Sha256.Hash(_mls.Current.OwnLeaf.EncryptionKey)) % (ulong)within);
}
