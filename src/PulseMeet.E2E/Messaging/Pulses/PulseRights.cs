using PulseMeet.E2E.Groups;

namespace PulseMeet.E2E;

/// <summary>Who may do what in a pulse chat: for each right the lowest role that has it. Every member holds to it, whatever the server
/// says.</summary>
/// <param name="Add">To add accounts.</param>
/// <param name="Remove">To remove accounts: admins or the creator.</param>
/// <param name="Rename">To change the name.</param>
/// <param name="Roles">To make admins: admins or the creator.</param>
/// <param name="ExternalJoin">Whether a device of a member may come back by itself; the relay then sees the name and the roles.</param>
/// <remarks>docs/protocol-groups.md, "Who may do what". Immutable.</remarks>
public sealed record PulseRights(PulseRole Add, PulseRole Remove, PulseRole Rename, PulseRole Roles, bool ExternalJoin)
{
    /// <summary>Admins do it all; a device that fell behind comes back by itself.</summary>
    public static PulseRights Default { get; } = Of(GroupRights.Default);

    /// <exception cref="ArgumentException">A right is given to a role that cannot have it.</exception>
    internal GroupRights ToGroup()
    {
        var rights = new GroupRights((GroupRole)Add, (GroupRole)Remove, (GroupRole)Rename, (GroupRole)Roles, ExternalJoin);
        return rights.AreValid ? rights : throw new ArgumentException("A right is given to a role that cannot have it.");
    }

    internal static PulseRights Of(GroupRights rights) => new(
        (PulseRole)rights.Add, (PulseRole)rights.Remove, (PulseRole)rights.Rename, (PulseRole)rights.Roles, rights.ExternalJoin);
}
