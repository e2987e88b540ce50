using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Messaging;

/// <summary>What a commit changed, as the app is told it.</summary>
internal static class PulseChanges
{
    public static void Tell(Work work, OpenPulse pulse, PulseGroup group, IReadOnlyList<GroupChange> changes)
    {
        if (changes.Count == 0)
        {
            return;
        }

        DeviceAddress by = changes[0].By;
        string[] added = Users(changes, GroupChangeKind.AccountAdded);
        string[] removed = Users(changes, GroupChangeKind.AccountRemoved);
        string[] left = Users(changes, GroupChangeKind.AccountLeft);
        if (added.Length + removed.Length + left.Length > 0)
        {
            work.AddEvent(new PulseMembersChanged(pulse.Id, by, added, removed, left));
        }

        TellDevices(work, pulse, changes, [.. added, .. removed, .. left]);
        foreach (GroupChange change in changes)
        {
            E2EEvent? told = change.Kind switch
            {
                GroupChangeKind.DeviceRejoined => new PulseRejoined(pulse.Id, by, null),
                GroupChangeKind.Renamed => new PulseRenamed(pulse.Id, by, group.Data.Name),
                GroupChangeKind.RightsChanged => new PulseRightsChanged(pulse.Id, by, PulseRights.Of(group.Data.Rights)),

                // Whoever is out has no role; what was told says so.
                GroupChangeKind.RoleChanged when group.Roster.Find(change.UserId!) is not null =>
                    new PulseRoleChanged(pulse.Id, by, change.UserId!, (PulseRole)group.Data.RoleOf(change.UserId!)),
                _ => null,
            };
            if (told is not null)
            {
                work.AddEvent(told);
            }
        }
    }

    private static void TellDevices(Work work, OpenPulse pulse, IReadOnlyList<GroupChange> changes, string[] except)
    {
        IEnumerable<IGrouping<string, GroupChange>> users = changes
            .Where(change => change.Kind is GroupChangeKind.DeviceAdded or GroupChangeKind.DeviceRemoved && !except.Contains(change.UserId))
            .GroupBy(change => change.UserId!, StringComparer.Ordinal);
        foreach (IGrouping<string, GroupChange> user in users)
        {
            work.AddEvent(new PulseDevicesChanged(
                pulse.Id, changes[0].By, user.Key, Devices(user, GroupChangeKind.DeviceAdded), Devices(user, GroupChangeKind.DeviceRemoved)));
        }
    }

    private static string[] Users(IReadOnlyList<GroupChange> changes, GroupChangeKind kind) =>
        [.. changes.Where(change => change.Kind == kind).Select(change => change.UserId!).Order(StringComparer.Ordinal)];

    private static string[] Devices(IEnumerable<GroupChange> changes, GroupChangeKind kind) =>
        [.. changes.Where(change => change.Kind == kind).Select(change => change.DeviceId!).Order(StringComparer.Ordinal)];
}
