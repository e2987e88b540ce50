namespace PulseMeet.E2E.Mls.Tests;

/// <summary>The policy of the tests: a basic credential is whoever it says; what else is refused, a test decides.</summary>
internal sealed class NamedClients : IGroupPolicy
{
    public const ulong Quarter = 90 * 24 * 60 * 60;

    public Action<CommitView> Commits { get; set; } = _ => { };

    public Action<GroupView, Sender, Proposal> Proposals { get; set; } = (_, _, _) => { };

    public Action<LeafNode> Leaves { get; set; } = _ => { };

    public List<CommitView> Judged { get; } = [];

    public ulong MaxLifetime { get; set; } = Quarter;

    public void JudgeLeaf(LeafNode leaf, IReadOnlyList<Extension> groupExtensions) => Leaves(leaf);

    public ReadOnlyMemory<byte> ClientOf(LeafNode leaf) => leaf.Credential.Content;

    public bool MayFollow(LeafNode before, LeafNode after) => Name(before) == Name(after);

    public void JudgeProposal(GroupView group, Sender sender, Proposal proposal) => Proposals(group, sender, proposal);

    public void JudgeCommit(CommitView commit)
    {
        Commits(commit);
        Judged.Add(commit);
    }

    public static string Name(LeafNode leaf) => TextEncoding.UTF8.GetString(leaf.Credential.Content);
}
