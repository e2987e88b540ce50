using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Groups;

/// <summary>Whether a member may make the changes that its commit makes: judged against the committer's leaf in the group as it was,
/// and nothing else. docs/protocol-groups.md, "Who may do what".</summary>
internal static class CommitRights
{
    /// <exception cref="E2EException"><see cref="E2EError.GroupNotAllowed"/>.</exception>
    public static void Judge(CommitView commit, CommitReading reading)
    {
        GroupRole role = reading.Before.Data.RoleOf(reading.Committer);
        foreach (uint index in commit.Added)
        {
            JudgeAdded(reading, role, reading.After.Roster.At(index)!.Address.UserId);
        }

        foreach (uint index in commit.Removed)
        {
            JudgeRemoved(reading, role, reading.Before.Roster.At(index)!);
        }

        // R5: whoever asked to leave goes with all devices.
        foreach (string user in reading.Leaving)
        {
            Require(reading.After.Roster.Find(user) is null, "An account that asked to leave is not removed as a whole.");
        }

        DataRights.Judge(reading, role);
    }

    private static void JudgeAdded(CommitReading reading, GroupRole role, string user)
    {
        // R1: devices of an account that is there may be added by anyone: its own list says that they are its own.
        // R2: another account by those who have the right.
        PulseData data = reading.Before.Data;
        Require(
            reading.After.Roster.HasSame(user, reading.Before.Roster) || data.Has(role, data.Rights.Add),
            "The committer may not add an account.");
    }

    private static void JudgeRemoved(CommitReading reading, GroupRole role, PulseLeaf leaf)
    {
        string user = leaf.Address.UserId;
        PulseData data = reading.Before.Data;

        // R3: without any right: one's own devices, those of an account that asked, and those that the account itself, by a newer
        // list that the commit carries, calls its own no more.
        if (user == reading.Committer || reading.Leaving.Contains(user))
        {
            return;
        }

        if (reading.Brought.TryGetValue(user, out KnownList? list) && list.IsSameAccount(leaf.AccountKey) && !list.Has(leaf))
        {
            return;
        }

        // R4: all else by those who have the right. Where the account goes with it: the creator by nobody, an admin by the creator,
        // or by an admin where there is none. A device alone comes back: it may be any.
        GroupRole target = reading.After.Roster.HasSame(user, reading.Before.Roster) ? GroupRole.Member : data.RoleOf(user);
        Require(
            data.Has(role, data.Rights.Remove)
            && target != GroupRole.Creator
            && (target != GroupRole.Admin || data.Has(role, GroupRole.Creator)),
            "The committer may not remove another's device.");
    }

    internal static void Require(bool holds, string detail)
    {
        if (!holds)
        {
            throw new E2EException(E2EError.GroupNotAllowed, detail);
        }
    }
}
