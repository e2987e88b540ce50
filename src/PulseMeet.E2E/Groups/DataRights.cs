using static PulseMeet.E2E.Groups.CommitRights;

namespace PulseMeet.E2E.Groups;

/// <summary>What a commit may change of the name, the roles and the rights.</summary>
internal static class DataRights
{
    /// <summary>The roles that are left when accounts have gone. Whoever is no longer there, or under another account key, has none;
    /// where nobody is left who has one, the account of the lowest leaf becomes admin, so that no group is without.</summary>
    public static PulseData Remaining(PulseData data, Roster before, Roster after)
    {
        string creator = after.HasSame(data.Creator, before) ? data.Creator : string.Empty;
        string[] admins = [.. data.Admins.Where(admin => after.HasSame(admin, before))];
        return data with
        {
            Creator = creator,
            Admins = creator.Length == 0 && admins.Length == 0 ? [Successor(before, after)] : admins,
        };
    }

    private static string Successor(Roster before, Roster after)
    {
        foreach ((_, PulseLeaf leaf) in before.Devices)
        {
            if (after.HasSame(leaf.Address.UserId, before))
            {
                return leaf.Address.UserId;
            }
        }

        throw new E2EException(E2EError.GroupExtensionRefused, "Nobody is left.");
    }

    /// <exception cref="E2EException"><see cref="E2EError.GroupNotAllowed"/>.</exception>
    public static void Judge(CommitReading reading, GroupRole role)
    {
        PulseData before = reading.Before.Data;
        PulseData after = reading.After.Data;
        PulseData remaining = Remaining(before, reading.Before.Roster, reading.After.Roster);
        bool isHighest = before.Has(role, GroupRole.Creator);

        // D1: the name.
        Require(after.Name == before.Name || before.Has(role, before.Rights.Rename), "The committer may not rename the group.");

        // D2: the rights themselves.
        Require(after.Rights == before.Rights || isHighest, "The committer may not change the rights.");

        // D3: the creator hands over, and nobody else does.
        Require(
            after.Creator == remaining.Creator || (role == GroupRole.Creator && after.Creator.Length > 0),
            "Another creator is named by somebody else.");

        foreach (string user in after.Admins.Except(remaining.Admins))
        {
            // D4: a new admin, by those who have the right; the old creator may remain as one.
            Require(
                before.Has(role, before.Rights.Roles) || user == reading.Committer && role == GroupRole.Creator,
                "The committer may not make an admin.");
        }

        foreach (string user in remaining.Admins.Except(after.Admins))
        {
            // D5: an admin no longer: by itself, by the creator, or by any admin where there is no creator. Also one who becomes creator.
            Require(
                user == reading.Committer || isHighest || user == after.Creator,
                "The committer may not take a role away.");
        }
    }
}
