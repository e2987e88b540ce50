using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Groups;

internal enum GroupChangeKind
{
    AccountAdded,
    AccountRemoved,

    /// <summary>An account that had asked to leave is out.</summary>
    AccountLeft,
    DeviceAdded,
    DeviceRemoved,

    /// <summary>A device came back by itself, with new keys.</summary>
    DeviceRejoined,
    DeviceListChanged,
    Renamed,
    RoleChanged,
    RightsChanged,
}

/// <summary>Something that a commit changed, for the app to see.</summary>
/// <param name="Kind">What.</param>
/// <param name="By">The device that committed it.</param>
/// <param name="UserId">Whom it is about; null where it is about the group.</param>
/// <param name="DeviceId">Which device; null where it is about an account.</param>
internal sealed record GroupChange(GroupChangeKind Kind, DeviceAddress By, string? UserId = null, string? DeviceId = null)
{
    /// <summary>All changes from one epoch to the next.</summary>
    /// <param name="before">The group before.</param>
    /// <param name="after">The group afterwards.</param>
    /// <param name="by">The committer.</param>
    /// <param name="isExternal">Whether the committer came in by it.</param>
    /// <param name="leaving">The users who had asked to leave in it.</param>
    /// <param name="broughtBack">The devices that are out and in anew by it.</param>
    public static IReadOnlyList<GroupChange> Between(
        GroupShape before, GroupShape after, DeviceAddress by, bool isExternal, IReadOnlySet<string> leaving, IReadOnlySet<DeviceAddress> broughtBack)
    {
        var changes = new List<GroupChange>();
        void Add(GroupChangeKind kind, string? user = null, string? device = null) => changes.Add(new(kind, by, user, device));

        foreach (RosterAccount account in after.Roster.Accounts)
        {
            bool isNew = !after.Roster.HasSame(account.UserId, before.Roster);
            if (isNew)
            {
                Add(GroupChangeKind.AccountAdded, account.UserId);
            }

            foreach ((_, PulseLeaf leaf) in account.Devices)
            {
                if (isNew || !HasDevice(before.Roster, leaf) || broughtBack.Contains(leaf.Address))
                {
                    Add(GroupChangeKind.DeviceAdded, account.UserId, leaf.Address.DeviceId);
                }
            }

            if (!isNew && before.Lists.Find(account.UserId)!.Number != after.Lists.Find(account.UserId)!.Number)
            {
                Add(GroupChangeKind.DeviceListChanged, account.UserId);
            }
        }

        foreach (RosterAccount account in before.Roster.Accounts)
        {
            bool isGone = !before.Roster.HasSame(account.UserId, after.Roster);
            foreach ((_, PulseLeaf leaf) in account.Devices)
            {
                if (isGone || !HasDevice(after.Roster, leaf) || broughtBack.Contains(leaf.Address))
                {
                    Add(GroupChangeKind.DeviceRemoved, account.UserId, leaf.Address.DeviceId);
                }
            }

            if (isGone)
            {
                Add(leaving.Contains(account.UserId) ? GroupChangeKind.AccountLeft : GroupChangeKind.AccountRemoved, account.UserId);
            }
        }

        if (isExternal && before.Roster.Find(by.UserId) is { } own
            && own.Devices.Any(device => device.Leaf.Address == by))
        {
            Add(GroupChangeKind.DeviceRejoined, by.UserId, by.DeviceId);
        }

        AddData(before.Data, after, Add);
        return changes;
    }

    private static void AddData(PulseData before, GroupShape after, Action<GroupChangeKind, string?, string?> add)
    {
        if (before.Name != after.Data.Name)
        {
            add(GroupChangeKind.Renamed, null, null);
        }

        if (before.Rights != after.Data.Rights)
        {
            add(GroupChangeKind.RightsChanged, null, null);
        }

        IEnumerable<string> named = [before.Creator, .. before.Admins, after.Data.Creator, .. after.Data.Admins];
        foreach (string user in named.Where(user => user.Length > 0).Distinct())
        {
            if (before.RoleOf(user) != after.Data.RoleOf(user))
            {
                add(GroupChangeKind.RoleChanged, user, null);
            }
        }
    }

    private static bool HasDevice(Roster roster, PulseLeaf leaf) =>
        roster.Find(leaf.Address.UserId)?.Devices.Any(device => device.Leaf.Address == leaf.Address) == true;
}
