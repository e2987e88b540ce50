namespace PulseMeet.E2E.Mls;

/// <summary>What RFC 9420 leaves to the application: who a credential is, and who may do what.</summary>
/// <remarks>
/// Every answer depends on the arguments alone, never on a clock or on what was fetched: members who judge one commit
/// differently would split. What is refused is refused by an <see cref="E2EException"/>, with
/// <see cref="E2EError.MlsRefusedByPolicy"/> where there is no better reason. The arguments are read, never changed.
/// </remarks>
internal interface IGroupPolicy
{
    /// <summary>The longest lifetime of a key package, in seconds (section 7.2).</summary>
    ulong MaxLifetime { get; }

    /// <summary>Whether the credential of a leaf is valid for its signature key (section 5.3.1).</summary>
    void JudgeLeaf(LeafNode leaf, IReadOnlyList<Extension> groupExtensions);

    /// <summary>The client that a leaf stands for: equal bytes are the same client (section 12.2).</summary>
    ReadOnlyMemory<byte> ClientOf(LeafNode leaf);

    /// <summary>Whether a leaf may take the place of another, in an update, a commit or a rejoin (section 5.3.1).</summary>
    bool MayFollow(LeafNode before, LeafNode after);

    /// <summary>A proposal that came by itself, before it is kept. Its form and its signature are verified.</summary>
    void JudgeProposal(GroupView group, Sender sender, Proposal proposal);

    /// <summary>A commit whose proposals and path have been verified and applied to a copy, before any secret is touched.</summary>
    void JudgeCommit(CommitView commit);
}

/// <summary>A group as everyone in it sees it.</summary>
/// <param name="Context">The group context; of a commit's outcome, the provisional one (section 12.4.1).</param>
/// <param name="Tree">The ratchet tree.</param>
internal sealed record GroupView(GroupContext Context, RatchetTree Tree);
