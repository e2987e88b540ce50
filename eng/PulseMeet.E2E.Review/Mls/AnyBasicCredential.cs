using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>A policy for vectors and other implementations: a basic credential is whoever it says, keeps its identity, and
/// may do anything.</summary>
internal sealed class AnyBasicCredential : IGroupPolicy
{
    public static AnyBasicCredential Instance { get; } = new();

    /// <summary>Other implementations' lifetimes are without an end.</summary>
    public ulong MaxLifetime => ulong.MaxValue;

    public void JudgeLeaf(LeafNode leaf, IReadOnlyList<Extension> groupExtensions)
    {
        if (leaf.Credential.Type != CredentialType.Basic)
        {
            throw new E2EException(E2EError.MlsRefusedByPolicy, "It is no basic credential.");
        }
    }

    public ReadOnlyMemory<byte> ClientOf(LeafNode leaf) => leaf.Credential.Content;

    public bool MayFollow(LeafNode before, LeafNode after) =>
        before.Credential.Content.AsSpan().SequenceEqual(after.Credential.Content);

    public void JudgeProposal(GroupView group, Sender sender, Proposal proposal)
    {
    }

    public void JudgeCommit(CommitView commit)
    {
    }
}
