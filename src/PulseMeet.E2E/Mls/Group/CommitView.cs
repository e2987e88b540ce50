namespace PulseMeet.E2E.Mls;

/// <summary>A commit with what it makes of the group: what a policy judges and what an app is told.</summary>
internal sealed class CommitView
{
    public required GroupView Before { get; init; }

    /// <summary>With the proposals and the path applied.</summary>
    public required GroupView After { get; init; }

    public required Sender Sender { get; init; }

    /// <summary>The committer's leaf index in <see cref="After"/>.</summary>
    public required uint Committer { get; init; }

    public required IReadOnlyList<CommittedProposal> Proposals { get; init; }

    /// <summary>The leaves that Add proposals put into <see cref="After"/>; a joiner by external commit is not among them.</summary>
    public required IReadOnlyList<uint> Added { get; init; }

    /// <summary>The leaves that are gone from <see cref="Before"/>.</summary>
    public required IReadOnlyList<uint> Removed { get; init; }

    /// <summary>The leaves that Update proposals replaced.</summary>
    public required IReadOnlyList<uint> Updated { get; init; }

    /// <summary>authenticated_data of the commit's framing.</summary>
    public required byte[] AuthenticatedData { get; init; }

    /// <summary>Whether the committer joins by it (section 12.4.3.2).</summary>
    public bool IsExternal => Sender.Type == SenderType.NewMemberCommit;

    /// <summary>The committer as the group knew it; of an external commit, the leaf that it brings.</summary>
    public LeafNode CommitterLeaf => IsExternal ? After.Tree.Leaf(Committer)! : Before.Tree.Leaf(Committer)!;
}

/// <summary>A proposal within a commit.</summary>
/// <param name="Proposal">What it proposes.</param>
/// <param name="Sender">Who: the committer, where it is there by value.</param>
/// <param name="Reference">The hash that the commit names it by; null where it is there by value.</param>
internal sealed record CommittedProposal(Proposal Proposal, Sender Sender, byte[]? Reference);
