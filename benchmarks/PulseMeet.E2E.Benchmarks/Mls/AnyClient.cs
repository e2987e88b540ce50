using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Benchmarks.Mls;

/// <summary>A policy that costs nothing: every client may do everything.</summary>
internal sealed class AnyClient : IGroupPolicy
{
    public ulong MaxLifetime => ulong.MaxValue;

    public void JudgeLeaf(LeafNode leaf, IReadOnlyList<Extension> groupExtensions)
    {
    }

    public ReadOnlyMemory<byte> ClientOf(LeafNode leaf) => leaf.Credential.Content;

    public bool MayFollow(LeafNode before, LeafNode after) => true;

    public void JudgeProposal(GroupView group, Sender sender, Proposal proposal)
    {
    }

    public void JudgeCommit(CommitView commit)
    {
    }
}
