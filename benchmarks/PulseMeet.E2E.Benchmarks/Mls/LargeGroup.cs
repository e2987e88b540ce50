using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Benchmarks.Mls;

/// <summary>A large group as two of its members hold it, made without the messages that would have led to it: a share of the
/// members has committed, the nodes above the rest are blank.</summary>
internal sealed class LargeGroup
{
    private readonly MlsSuite _suite;
    private readonly MlsSignatureKey[] _signatureKeys;

    /// <param name="suite">The suite.</param>
    /// <param name="members">How many members.</param>
    /// <param name="committed">How many of them have committed, spread over the tree; the first two members are not among the
    /// removed ones.</param>
    public LargeGroup(MlsSuite suite, int members, int committed)
    {
        _suite = suite;
        _signatureKeys = [.. Enumerable.Range(0, members).Select(_ => MlsSignatureKey.Generate())];
        KeyPackageKeys[] packages = [.. _signatureKeys.Select((key, i) => NewKeyPackage(suite, i, key))];
        var tree = new RatchetTree(suite, packages[0].KeyPackage.Leaf);
        foreach (KeyPackageKeys package in packages.Skip(1))
        {
            tree.Add(package.KeyPackage.Leaf);
        }

        uint receiver = (uint)members / 2;
        var own = new NodeKeys();
        var others = new NodeKeys();
        own.Set(0, packages[0].LeafKey.Copy());
        others.Set(2 * receiver, packages[receiver].LeafKey.Copy());
        for (int i = 0; i < committed; i++)
        {
            uint leaf = (uint)((long)i * members / committed);
            using var path = new PathCreation(
                suite, tree, leaf, GroupId, tree.Leaf(leaf)!.Content, _signatureKeys[leaf]);
            Follow(path, own, 0, leaf);
            Follow(path, others, receiver, leaf);
        }

        var context = new GroupContext
        {
            Suite = suite.Id,
            GroupId = GroupId,
            Epoch = (ulong)committed,
            TreeHash = tree.TreeHash(),
            ConfirmedTranscriptHash = new byte[suite.Hash.Size],
            Extensions = [],
        };
        using MlsSecret epochSecret = MlsSecret.Random(suite.SecretSize);
        Committer = State(context, tree, epochSecret, 0, own);
        Receiver = State(context, tree.Copy(), epochSecret, receiver, others);
    }

    public static byte[] GroupId => new byte[16];

    public EpochState Committer { get; }

    public EpochState Receiver { get; }

    public static KeyPackageKeys NewKeyPackage(MlsSuite suite, int number, MlsSignatureKey key) => KeyPackageKeys.Create(
        suite,
        new MlsClient(Credential.Basic(BitConverter.GetBytes(number)), key),
        Lifetime.From(TimeProvider.System.GetUtcNow().AddHours(-1), TimeSpan.FromDays(30)));

    private EpochState State(GroupContext context, RatchetTree tree, MlsSecret epochSecret, uint leaf, NodeKeys keys) =>
        EpochState.From(
            _suite, context, tree, EpochSecrets.From(_suite, epochSecret), leaf, keys, _signatureKeys[leaf].Copy());

    /// <summary>What a member learns from a commit: the keys of the nodes above both.</summary>
    private static void Follow(PathCreation path, NodeKeys keys, uint leaf, uint committer)
    {
        using var all = new NodeKeys();
        path.PutKeys(all);
        foreach ((uint node, MlsSecret key) in all.ByNode)
        {
            if (TreeMath.Contains(node, leaf) && (!TreeMath.IsLeaf(node) || leaf == committer))
            {
                keys.Set(node, key.Copy());
            }
        }
    }
}
