using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>Proposal list validation (RFC 9420, section 12.2).</summary>
/// <remarks>Rules are numbered in the section's order. The last one, the tree that comes out, is checked when the path is
/// applied too. Faults are <see cref="E2EError.MlsInvalidCommit"/>, or what a proposal by itself is refused for.</remarks>
internal static class ProposalList
{
    /// <summary>The list of a regular commit.</summary>
    public static void Validate(
        MlsSuite suite,
        GroupView group,
        IReadOnlyList<CommittedProposal> list,
        uint committer,
        ResumptionUsage creation,
        IGroupPolicy policy)
    {
        // 12.2, rule 8: one GroupContextExtensions at most. 12.3: the others are judged by what it says.
        GroupContextExtensionsProposal? changed = Single<GroupContextExtensionsProposal>(list);
        IReadOnlyList<Extension> extensions = changed?.Extensions ?? group.Context.Extensions;
        foreach (CommittedProposal entry in list)
        {
            // 12.2, rule 10: no ExternalInit.
            Require(entry.Proposal is not ExternalInitProposal, "A member's commit has an ExternalInit.");

            // 12.2, rule 2: no Update of the committer's own.
            Require(
                entry.Proposal is not UpdateProposal || entry.Sender != Sender.Member(committer), "The committer updates itself.");

            // 12.2, rule 3: the committer stays.
            Require(entry.Proposal is not RemoveProposal remove || remove.Removed != committer, "The committer removes itself.");

            // 12.2, rule 1: each proposal by itself.
            ProposalRules.Validate(suite, group, extensions, entry.Proposal, entry.Sender, creation, policy);
        }

        // 12.2, rule 9: a ReInit is alone.
        Require(list.Count == 1 || !list.Any(entry => entry.Proposal is ReInitProposal), "A ReInit is not alone.");
        RequireOneChangeOfEachLeaf(list);
        RequireNewClients(group, list, policy);
        RequireDistinctPsks(list);
        RequireSupport(group, list);
    }

    /// <summary>The list of an external commit.</summary>
    /// <returns>The leaf that the joiner replaces, or null.</returns>
    public static uint? ValidateExternal(
        MlsSuite suite, GroupView group, IReadOnlyList<CommittedProposal> list, IGroupPolicy policy)
    {
        // 12.2, external, rule 1: exactly one ExternalInit.
        ExternalInitProposal? init = Single<ExternalInitProposal>(list);
        Require(init is not null && init.KemOutput.Length == suite.Kem.EncapsulationSize, "An external commit lacks its ExternalInit.");

        // 12.2, external, rule 2: one Remove at most, of the joiner's old appearance.
        RemoveProposal? removed = Single<RemoveProposal>(list);
        foreach (CommittedProposal entry in list)
        {
            // 12.2, external, rules 3 and 4: pre-shared keys, and nothing else.
            Require(
                entry.Proposal is ExternalInitProposal or RemoveProposal or PreSharedKeyProposal,
                "An external commit has a proposal that is for members.");
            ProposalRules.Validate(suite, group, group.Context.Extensions, entry.Proposal, entry.Sender, default, policy);
        }

        RequireDistinctPsks(list);
        return removed?.Removed;
    }

    /// <summary>12.2, rule 4: no two Updates or Removes of one leaf.</summary>
    private static void RequireOneChangeOfEachLeaf(IReadOnlyList<CommittedProposal> list)
    {
        var leaves = new HashSet<uint>();
        foreach (CommittedProposal entry in list)
        {
            uint? leaf = entry.Proposal switch
            {
                UpdateProposal => entry.Sender.Index,
                RemoveProposal remove => remove.Removed,
                _ => null,
            };
            Require(leaf is null || leaves.Add(leaf.Value), "A leaf is updated or removed twice.");
        }
    }

    /// <summary>12.2, rules 5 and 6: each client is added once, and is not there already, unless it is removed as well.</summary>
    private static void RequireNewClients(GroupView group, IReadOnlyList<CommittedProposal> list, IGroupPolicy policy)
    {
        if (!list.Any(entry => entry.Proposal is AddProposal))
        {
            return;
        }

        HashSet<uint> removed = [.. list.Select(entry => entry.Proposal).OfType<RemoveProposal>().Select(remove => remove.Removed)];
        var clients = new KeySet();
        foreach ((uint index, LeafNode leaf) in group.Tree.Members())
        {
            if (!removed.Contains(index))
            {
                clients.Add(policy.ClientOf(leaf));
            }
        }

        foreach (AddProposal add in list.Select(entry => entry.Proposal).OfType<AddProposal>())
        {
            Require(clients.Add(policy.ClientOf(add.KeyPackage.Leaf)), "A client is added that is there already, or twice.");
        }
    }

    /// <summary>12.2, rule 7: no pre-shared key twice.</summary>
    private static void RequireDistinctPsks(IReadOnlyList<CommittedProposal> list)
    {
        var ids = new KeySet();
        foreach (PreSharedKeyProposal psk in list.Select(entry => entry.Proposal).OfType<PreSharedKeyProposal>())
        {
            Require(ids.Add(psk.Id.Encode()), "A pre-shared key is there twice.");
        }
    }

    /// <summary>12.2, rule 11: those who process the commit support its proposals' types.</summary>
    private static void RequireSupport(GroupView group, IReadOnlyList<CommittedProposal> list)
    {
        ushort[] types = [.. list.Select(entry => entry.Proposal.Type).Where(type => !ProposalType.IsDefault(type)).Distinct()];
        if (types.Length == 0)
        {
            return;
        }

        HashSet<uint> removed = [.. list.Select(entry => entry.Proposal).OfType<RemoveProposal>().Select(remove => remove.Removed)];
        Require(
            group.Tree.Members().All(member =>
                removed.Contains(member.Index) || Array.TrueForAll(types, member.Leaf.Capabilities.SupportsProposal)),
            "A member does not support a proposal's type.");
    }

    private static T? Single<T>(IReadOnlyList<CommittedProposal> list)
        where T : Proposal
    {
        T[] found = [.. list.Select(entry => entry.Proposal).OfType<T>()];
        Require(found.Length <= 1, "A proposal that may be there once is there twice.");
        return found.Length == 0 ? null : found[0];
    }

    private static void Require(bool holds, string detail)
    {
        if (!holds)
        {
            throw new E2EException(E2EError.MlsInvalidCommit, detail);
        }
    }
}
