using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>A member's commit, read: the device lists that it brings, who asked to leave, and the group before and after.</summary>
internal sealed class CommitReading
{
    private CommitReading(GroupShape before, GroupShape after, string committer)
    {
        Before = before;
        After = after;
        Committer = committer;
    }

    public GroupShape Before { get; }

    public GroupShape After { get; }

    /// <summary>The user whose device commits.</summary>
    public string Committer { get; }

    /// <summary>The lists that the commit carries, by user.</summary>
    public Dictionary<string, KnownList> Brought { get; private init; } = [];

    /// <summary>The users who asked to leave.</summary>
    public HashSet<string> Leaving { get; private init; } = [];

    /// <summary>Reads what is there by value, and validates what comes out.</summary>
    /// <param name="commit">Of a member.</param>
    /// <param name="lists">The lists that the group knows.</param>
    /// <exception cref="E2EException">A proposal is none of a pulse chat, a list is refused, or the outcome is.</exception>
    public static CommitReading Of(CommitView commit, DeviceListBook lists)
    {
        var before = new GroupShape(
            PulseData.Of(commit.Before.Context.Extensions), Roster.Of(commit.Before.Tree), lists);
        var brought = new Dictionary<string, KnownList>(StringComparer.Ordinal);
        var leaving = new HashSet<string>(StringComparer.Ordinal);
        foreach (CommittedProposal entry in commit.Proposals)
        {
            Read(entry, commit.Before, before.Roster, brought, leaving);
        }

        Roster roster = Roster.Of(commit.After.Tree);
        DeviceListBook known = Next(before, roster, brought);
        GroupShape after = GroupShape.Validate(commit.After, known);
        return new CommitReading(before, after, before.Roster.At(commit.Committer)!.Address.UserId)
        {
            Brought = brought,
            Leaving = leaving,
        };
    }

    private static void Read(
        CommittedProposal entry,
        GroupView group,
        Roster roster,
        Dictionary<string, KnownList> brought,
        HashSet<string> leaving)
    {
        // C1: all by value. What another member has or has not received decides nothing.
        if (entry.Reference is not null)
        {
            throw new E2EException(E2EError.GroupProposalRefused, "A commit has a proposal by reference.");
        }

        switch (entry.Proposal)
        {
            case AddProposal or RemoveProposal or GroupContextExtensionsProposal:
                return;
            case PrivateProposal { Type: GroupNumbers.DeviceListProposal } carried:
                KnownList list = KnownList.Verify(carried.Data);
                if (!brought.TryAdd(list.UserId, list))
                {
                    throw new E2EException(E2EError.GroupDeviceListRefused, "Two lists of one account.");
                }

                return;
            case PrivateProposal { Type: GroupNumbers.LeaveProposal } asked:
                // C3: by a leaf that is there.
                uint leaf = LeaveRequest.Decode(asked.Data).FindLeaf(MlsSuite.Get(group.Context.Suite), group)
                    ?? throw new E2EException(E2EError.GroupProposalRefused, "A request to leave is of no leaf of the group.");
                leaving.Add(roster.At(leaf)!.Address.UserId);
                return;
            default:
                // C1: pre-shared keys, re-initialisation, Updates and unknown ones have no place in a pulse chat.
                throw new E2EException(E2EError.GroupProposalRefused, "A proposal is of a type that pulse chats have no use for.");
        }
    }

    /// <summary>C2: the lists after the commit. An account's is the one brought, or the one known before.</summary>
    private static DeviceListBook Next(GroupShape before, Roster after, Dictionary<string, KnownList> brought)
    {
        var next = new List<KnownList>();
        foreach (RosterAccount account in after.Accounts)
        {
            KnownList? known = before.Lists.Find(account.UserId);
            if (!brought.TryGetValue(account.UserId, out KnownList? list))
            {
                // Without its list W2 refuses the account.
                if (known is not null)
                {
                    next.Add(known);
                }

                continue;
            }

            // A list is newer than the one known; under another account key it is another account's, which takes the place of
            // the old one as a whole: W3 refuses what is left of that.
            if (known is not null && known.IsSameAccount(list.AccountKey) && list.Number <= known.Number)
            {
                throw new E2EException(E2EError.GroupDeviceListRefused, "A list is not newer than the one that the group knows.");
            }

            next.Add(list);
        }

        if (brought.Keys.Any(user => after.Find(user) is null))
        {
            throw new E2EException(E2EError.GroupDeviceListRefused, "A list is of an account that is not there.");
        }

        return new DeviceListBook(next);
    }
}
