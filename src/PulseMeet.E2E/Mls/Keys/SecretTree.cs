namespace PulseMeet.E2E.Mls;

/// <summary>The secret tree of an epoch (RFC 9420, section 9): from the encryption secret to two ratchets for each leaf.</summary>
/// <remarks>
/// A leaf's ratchets are derived when it is first heard; what was above is then deleted, and only the secrets of the other
/// subtrees stay (section 9.2). Owns its secrets. Not thread-safe.
/// </remarks>
internal sealed class SecretTree : IDisposable
{
    private readonly MlsSuite _suite;
    private readonly uint _leaves;
    private readonly SortedDictionary<uint, MlsSecret> _nodes = [];
    private readonly SortedDictionary<uint, (HashRatchet Handshake, HashRatchet Application)> _ratchets = [];

    /// <param name="suite">The suite.</param>
    /// <param name="leaves">The number of places in the ratchet tree.</param>
    /// <param name="encryptionSecret">Owned from here on.</param>
    public SecretTree(MlsSuite suite, uint leaves, MlsSecret encryptionSecret)
        : this(suite, leaves) => _nodes[TreeMath.Root(leaves)] = encryptionSecret;

    private SecretTree(MlsSuite suite, uint leaves)
    {
        _suite = suite;
        _leaves = leaves;
    }

    /// <summary>The ratchet of a leaf for a type of content. The caller has checked that the leaf is in the tree.</summary>
    public HashRatchet Ratchet(uint leaf, ContentType type)
    {
        if (!_ratchets.TryGetValue(leaf, out (HashRatchet Handshake, HashRatchet Application) ratchets))
        {
            ratchets = Derive(leaf);
            _ratchets.Add(leaf, ratchets);
        }

        return type == ContentType.Application ? ratchets.Application : ratchets.Handshake;
    }

    public void WriteTo(MlsWriter writer)
    {
        writer.WriteUInt32(_leaves);
        writer.WriteUInt32((uint)_nodes.Count);
        foreach ((uint node, MlsSecret secret) in _nodes)
        {
            writer.WriteUInt32(node);
            secret.WriteVector(writer);
        }

        writer.WriteUInt32((uint)_ratchets.Count);
        foreach ((uint leaf, (HashRatchet handshake, HashRatchet application)) in _ratchets)
        {
            writer.WriteUInt32(leaf);
            handshake.WriteTo(writer);
            application.WriteTo(writer);
        }
    }

    public static SecretTree ReadFrom(MlsSuite suite, ref MlsReader reader)
    {
        var tree = new SecretTree(suite, reader.ReadUInt32());
        for (uint count = reader.ReadUInt32(); count > 0; count--)
        {
            tree._nodes.Add(reader.ReadUInt32(), MlsSecret.CopyOf(reader.ReadVector()));
        }

        for (uint count = reader.ReadUInt32(); count > 0; count--)
        {
            tree._ratchets.Add(
                reader.ReadUInt32(), (HashRatchet.ReadFrom(suite, ref reader), HashRatchet.ReadFrom(suite, ref reader)));
        }

        return tree;
    }

    public void Dispose()
    {
        foreach (MlsSecret secret in _nodes.Values)
        {
            secret.Dispose();
        }

        foreach ((HashRatchet handshake, HashRatchet application) in _ratchets.Values)
        {
            handshake.Dispose();
            application.Dispose();
        }

        _nodes.Clear();
        _ratchets.Clear();
    }

    private (HashRatchet Handshake, HashRatchet Application) Derive(uint leaf)
    {
        uint node = 2 * leaf;
        while (!_nodes.ContainsKey(node))
        {
            node = TreeMath.Parent(node);
        }

        while (!TreeMath.IsLeaf(node))
        {
            _nodes.Remove(node, out MlsSecret? secret);
            _nodes.Add(TreeMath.Left(node), _suite.ExpandWithLabel(secret!, "tree"u8, "left"u8, _suite.SecretSize));
            _nodes.Add(TreeMath.Right(node), _suite.ExpandWithLabel(secret!, "tree"u8, "right"u8, _suite.SecretSize));
            secret!.Dispose();
            uint left = TreeMath.Left(node);
            node = TreeMath.Contains(left, leaf) ? left : TreeMath.Right(node);
        }

        _nodes.Remove(node, out MlsSecret? leafSecret);
        using (leafSecret)
        {
            return (
                new HashRatchet(_suite, _suite.ExpandWithLabel(leafSecret!, "handshake"u8, default, _suite.SecretSize)),
                new HashRatchet(_suite, _suite.ExpandWithLabel(leafSecret!, "application"u8, default, _suite.SecretSize)));
        }
    }
}
