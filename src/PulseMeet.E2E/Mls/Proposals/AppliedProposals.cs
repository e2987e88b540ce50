namespace PulseMeet.E2E.Mls;

/// <summary>A valid proposal list applied to a copy of the tree and to the extensions (RFC 9420, section 12.3).</summary>
internal sealed class AppliedProposals
{
    private AppliedProposals(RatchetTree tree, IReadOnlyList<Extension> extensions)
    {
        Tree = tree;
        Extensions = extensions;
    }

    public RatchetTree Tree { get; }

    public IReadOnlyList<Extension> Extensions { get; }

    /// <summary>New leaves, in the order of the Adds.</summary>
    public List<uint> Added { get; } = [];

    /// <summary>The key packages of <see cref="Added"/>.</summary>
    public List<KeyPackage> KeyPackages { get; } = [];

    public List<uint> Removed { get; } = [];

    public List<uint> Updated { get; } = [];

    /// <summary>In the order of the proposals.</summary>
    public List<PreSharedKeyId> Psks { get; } = [];

    public ExternalInitProposal? ExternalInit { get; private set; }

    public ReInitProposal? ReInit { get; private set; }

    /// <summary>Whether the commit has to have a path (section 12.4).</summary>
    public bool RequiresPath { get; private set; }

    /// <summary>In the order that section 12.3 gives.</summary>
    public static AppliedProposals Apply(GroupView group, IReadOnlyList<CommittedProposal> list)
    {
        // 12.3, step 1: the extensions.
        IReadOnlyList<Extension> extensions = group.Context.Extensions;
        foreach (GroupContextExtensionsProposal changed in Of<GroupContextExtensionsProposal>(list))
        {
            extensions = changed.Extensions;
        }

        var applied = new AppliedProposals(group.Tree.Copy(), extensions)
        {
            RequiresPath = list.Count == 0 || list.Any(entry => ProposalType.RequiresPath(entry.Proposal.Type)),
        };

        // 12.3, step 2: Updates.
        foreach (CommittedProposal entry in list)
        {
            if (entry.Proposal is UpdateProposal update)
            {
                applied.Tree.Update(entry.Sender.Index, update.Leaf);
                applied.Updated.Add(entry.Sender.Index);
            }
        }

        // 12.3, step 3: Removes, and the tree gets as small as it can (12.1.3).
        foreach (RemoveProposal remove in Of<RemoveProposal>(list))
        {
            applied.Tree.Remove(remove.Removed);
            applied.Removed.Add(remove.Removed);
        }

        if (applied.Removed.Count > 0)
        {
            applied.Tree.Truncate();
        }

        // 12.3, step 4: Adds, in their order.
        foreach (AddProposal add in Of<AddProposal>(list))
        {
            applied.Added.Add(applied.Tree.Add(add.KeyPackage.Leaf));
            applied.KeyPackages.Add(add.KeyPackage);
        }

        // 12.3, steps 5 to 7: pre-shared keys in their order, ExternalInit, ReInit.
        applied.Psks.AddRange(Of<PreSharedKeyProposal>(list).Select(psk => psk.Id));
        applied.ExternalInit = Of<ExternalInitProposal>(list).SingleOrDefault();
        applied.ReInit = Of<ReInitProposal>(list).SingleOrDefault();
        return applied;
    }

    private static IEnumerable<T> Of<T>(IReadOnlyList<CommittedProposal> list)
        where T : Proposal => list.Select(entry => entry.Proposal).OfType<T>();
}
