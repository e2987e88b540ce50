namespace PulseMeet.E2E.Mls;

/// <summary>A committer's fresh path: a new leaf, new nodes above it, and their secrets (RFC 9420, sections 7.4 and 7.5).</summary>
/// <remarks>Owns its secrets until they are taken.</remarks>
internal sealed class PathCreation : IDisposable
{
    private readonly MlsSuite _suite;
    private readonly RatchetTree _tree;
    private readonly uint _leaf;
    private readonly List<uint> _nodes;
    private readonly List<MlsSecret> _secrets = [];
    private readonly List<HpkeKeyPair> _keyPairs = [];
    private readonly HpkeKeyPair _leafKeyPair;

    /// <summary>Derives a path and merges it into a tree.</summary>
    /// <param name="suite">The suite.</param>
    /// <param name="tree">With the proposals applied; it gets the new nodes and the new leaf.</param>
    /// <param name="leaf">The committer's place.</param>
    /// <param name="groupId">The group, to which the leaf's signature is bound.</param>
    /// <param name="content">What the leaf says; its encryption key is replaced.</param>
    /// <param name="signatureKey">The key named in it.</param>
    public PathCreation(
        MlsSuite suite, RatchetTree tree, uint leaf, ReadOnlySpan<byte> groupId, LeafNodeContent content, MlsSignatureKey signatureKey)
    {
        _suite = suite;
        _tree = tree;
        _leaf = leaf;
        _nodes = tree.FilteredDirectPath(leaf);
        MlsSecret secret = MlsSecret.Random(suite.SecretSize);
        foreach (uint _ in _nodes)
        {
            _secrets.Add(secret);
            _keyPairs.Add(PathSecrets.NodeKeyPair(suite, secret));
            secret = PathSecrets.Next(suite, secret);
        }

        CommitSecret = secret;
        _leafKeyPair = suite.GenerateKeyPair();
        byte[] parentHash = PathSecrets.Merge(tree, leaf, [.. _keyPairs.Select(pair => pair.PublicKey)]);
        Leaf = LeafNode.Sign(
            suite,
            content.WithEncryptionKey(_leafKeyPair.PublicKey),
            LeafNodeSource.Commit,
            default,
            parentHash,
            new LeafPlace(groupId, leaf),
            signatureKey);
        tree.SetLeaf(leaf, Leaf);
    }

    public LeafNode Leaf { get; }

    /// <summary>commit_secret: the path secret above the last node's.</summary>
    public MlsSecret CommitSecret { get; }

    /// <summary>The path with its secrets sealed to the group, but not to those whom the commit adds.</summary>
    public UpdatePath Seal(IReadOnlyCollection<uint> addedLeaves, GroupContext provisional) => new(
        Leaf, PathSecrets.Seal(_suite, _tree, _leaf, _nodes, _secrets, addedLeaves, provisional.Encoded));

    /// <summary>Puts the private keys of the path and the leaf among the member's.</summary>
    public void PutKeys(NodeKeys keys)
    {
        keys.Set(2 * _leaf, _leafKeyPair.PrivateKey.Copy());
        for (int i = 0; i < _nodes.Count; i++)
        {
            keys.Set(_nodes[i], _keyPairs[i].PrivateKey.Copy());
        }
    }

    /// <summary>The path secret that a joiner gets: of the lowest node above both. Stays the path's.</summary>
    public MlsSecret SecretFor(uint joiner) => _secrets[_nodes.IndexOf(TreeMath.CommonAncestor(_leaf, joiner))];

    public void Dispose()
    {
        CommitSecret.Dispose();
        _leafKeyPair.Dispose();
        _secrets.ForEach(secret => secret.Dispose());
        _keyPairs.ForEach(pair => pair.Dispose());
    }
}
