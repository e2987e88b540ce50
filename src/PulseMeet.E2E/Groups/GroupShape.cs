using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>A group as its rules see it: its data, who is in it, and the device lists that it knows.</summary>
internal sealed record GroupShape(PulseData Data, Roster Roster, DeviceListBook Lists)
{
    /// <summary>What holds in every epoch of every pulse chat: docs/protocol-groups.md, "What always holds". What a joiner checks of a
    /// group that it did not see growing, and every member of what a commit makes.</summary>
    /// <exception cref="E2EException">It does not.</exception>
    public static GroupShape Validate(GroupView group, DeviceListBook lists)
    {
        // W1: these two extensions, and no others.
        IReadOnlyList<Extension> extensions = group.Context.Extensions;
        if (extensions.Count != 2
            || extensions.Find(ExtensionType.RequiredCapabilities) is not { } required
            || !PublicBytes.Equal(required.Data, GroupNumbers.Required.ToExtension().Data))
        {
            throw new E2EException(E2EError.GroupExtensionRefused, "The group has other extensions than a pulse chat.");
        }

        PulseData data = PulseData.Of(extensions);
        Roster roster = Roster.Of(group.Tree);
        if (roster.DeviceCount > GroupLimits.MaxDevices)
        {
            throw new E2EException(E2EError.LimitExceeded, "The group has too many devices.");
        }

        // W2: a list for each account, the account's own, and no other; together those that the context names.
        if (lists.Count != roster.Accounts.Count || !PublicBytes.Equal(data.ListsHash, lists.Hash))
        {
            throw new E2EException(E2EError.GroupDeviceListRefused, "The lists are not those that the group names.");
        }

        foreach (RosterAccount account in roster.Accounts)
        {
            RequireListed(account, lists);
        }

        // W4: whoever has a role is in the group, and somebody has one.
        if ((data.Creator.Length > 0 && roster.Find(data.Creator) is null)
            || data.Admins.Any(admin => roster.Find(admin) is null)
            || (data.Creator.Length == 0 && data.Admins.Count == 0))
        {
            throw new E2EException(E2EError.GroupExtensionRefused, "A role is given to somebody who is not there, or to nobody.");
        }

        return new GroupShape(data, roster, lists);
    }

    private static void RequireListed(RosterAccount account, DeviceListBook lists)
    {
        if (lists.Find(account.UserId) is not { } known)
        {
            throw new E2EException(E2EError.GroupDeviceListRefused, "An account is there without its list.");
        }

        // W3: every leaf is on the newest list of its account that the group knows (under the list's account key, which is in the
        // certificate), and names none that is newer.
        foreach ((_, PulseLeaf leaf) in account.Devices)
        {
            if (!known.Has(leaf) || !known.Allows(leaf.List))
            {
                throw new E2EException(E2EError.GroupLeafRefused, "A device is not on its account's list, or names another one.");
            }
        }
    }
}
