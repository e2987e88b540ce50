using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Groups;

/// <summary>Who may do what in a group: for each right the lowest role that has it.</summary>
/// <remarks>docs/protocol-groups.md, "Rights". To remove other accounts and to give roles is never everybody's. The creator changes
/// the rights themselves, or an admin where there is no creator any more.</remarks>
/// <param name="Add">To add accounts that are not in the group.</param>
/// <param name="Remove">To remove accounts.</param>
/// <param name="Rename">To change the name.</param>
/// <param name="Roles">To make admins.</param>
/// <param name="ExternalJoin">Whether a device of an account that is in the group may join by itself.</param>
internal sealed record GroupRights(GroupRole Add, GroupRole Remove, GroupRole Rename, GroupRole Roles, bool ExternalJoin)
{
    /// <summary>Admins do it all; a device of an account that is in the group may come back by itself.</summary>
    public static GroupRights Default { get; } = new(GroupRole.Admin, GroupRole.Admin, GroupRole.Admin, GroupRole.Admin, true);

    public static GroupRights Read(ref MlsReader reader)
    {
        var rights = new GroupRights(
            Level(reader.ReadByte(), GroupRole.Member),
            Level(reader.ReadByte(), GroupRole.Admin),
            Level(reader.ReadByte(), GroupRole.Member),
            Level(reader.ReadByte(), GroupRole.Admin),
            reader.ReadPresence());
        return rights;
    }

    public void Write(MlsWriter writer)
    {
        writer.WriteByte((byte)Add);
        writer.WriteByte((byte)Remove);
        writer.WriteByte((byte)Rename);
        writer.WriteByte((byte)Roles);
        writer.WritePresence(ExternalJoin);
    }

    /// <summary>Whether a reader would take them.</summary>
    public bool AreValid =>
        Add <= GroupRole.Creator && Rename <= GroupRole.Creator
        && Remove is GroupRole.Admin or GroupRole.Creator && Roles is GroupRole.Admin or GroupRole.Creator;

    private static GroupRole Level(byte value, GroupRole lowest) =>
        value >= (byte)lowest && value <= (byte)GroupRole.Creator
            ? (GroupRole)value
            : throw new E2EException(E2EError.GroupExtensionRefused, "A right is given to a role that cannot have it.");
}
