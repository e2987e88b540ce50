namespace PulseMeet.E2E.Groups;

/// <summary>What another role for an account makes of a group's data.</summary>
internal static class RoleChange
{
    public static PulseData Apply(PulseData data, RoleIntent intent)
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
