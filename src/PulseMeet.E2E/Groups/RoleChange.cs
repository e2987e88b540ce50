namespace PulseMeet.E2E.Groups;

/// <summary>What another role for an account makes of a group's data.</summary>
internal static class RoleChange
{
    /// <exception cref="E2EException">There would be too many admins (<see cref="E2EError.LimitExceeded"/>), or nobody with a role
    /// (<see cref="E2EError.GroupNotAllowed"/>).</exception>
    public static PulseData Apply(PulseData data, RoleIntent intent)
    {
        PulseData changed = Changed(data, intent);
        if (changed.Admins.Count > GroupLimits.MaxAdmins)
        {
            throw new E2EException(E2EError.LimitExceeded, "The group would have too many admins.");
        }

        return changed.Creator.Length > 0 || changed.Admins.Count > 0
            ? changed
            : throw new E2EException(E2EError.GroupNotAllowed, "Nobody would be left who has a role.");
    }

    private static PulseData Changed(PulseData data, RoleIntent intent)
    {
        IEnumerable<string> others = data.Admins.Where(admin => admin != intent.UserId);
        return intent.Role switch
        {
            // The old creator stays an admin.
            GroupRole.Creator => data with
            {
                Creator = intent.UserId,
                Admins = PulseData.Sorted(data.Creator.Length == 0 ? others : others.Append(data.Creator)),
            },
            GroupRole.Admin => data with { Admins = PulseData.Sorted(others.Append(intent.UserId)) },
            _ => data with { Admins = PulseData.Sorted(others) },
        };
    }
}
