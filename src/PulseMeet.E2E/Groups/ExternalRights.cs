using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Groups;

/// <summary>Whether a device may join by itself. docs/protocol-groups.md, "External joins".</summary>
internal static class ExternalRights
{
    /// <exception cref="E2EException">The group takes none, or not this one (<see cref="E2EError.GroupJoinRefused"/>), or what comes
    /// out is no group.</exception>
    public static void Judge(CommitView commit, DeviceListBook lists)
    {
        // X1: the group's rights allow it.
        PulseData data = PulseData.Of(commit.Before.Context.Extensions);
        Require(data.Rights.ExternalJoin, "The group takes no external joins.");

        // X2: nothing but the joiner's old leaf goes, which Mls has compared with the new one (L2); and nothing else is in it.
        Require(
            commit.Proposals.All(entry => entry.Proposal is ExternalInitProposal or RemoveProposal),
            "An external join has a proposal that pulse chats have no use for.");

        // X3: of an account that is in the group, under the same account key.
        Roster before = Roster.Of(commit.Before.Tree);
        PulseLeaf joiner = PulseLeaf.Of(commit.After.Tree.Leaf(commit.Committer)!);
        Require(
            before.Find(joiner.Address.UserId) is { } account
            && Primitives.PublicBytes.Equal(account.AccountKey, joiner.AccountKey),
            "The joiner's account is not in the group.");

        // X4: what always holds: the device is on the list that the group knows, and is there once.
        GroupShape.Validate(commit.After, lists);
    }

    private static void Require(bool holds, string detail)
    {
        if (!holds)
        {
            throw new E2EException(E2EError.GroupJoinRefused, detail);
        }
    }
}
