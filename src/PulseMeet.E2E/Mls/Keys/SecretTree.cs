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

    /// <summary>The ratchet of a leaf for a type of content; derived, and kept from here on. The caller has checked that the
    /// leaf is in the tree.</summary>
    public HashRatchet Ratchet(uint leaf, ContentType type)
    {
        if (!_ratchets.TryGetValue(leaf, out (HashRatchet Handshake, HashRatchet Application) ratchets))
        {
            ratchets = Derive(leaf);
            _ratchets.Add(leaf, ratchets);
        }

        return type == ContentType.Application ? ratchets.Application : ratchets.Handshake;
    }

    /// <summary>The key of a generation; nothing in the tree changes, so that a forgery leaves no trace.</summary>
    /// <exception cref="E2EException">As <see cref="HashRatchet.Look"/>.</exception>
    public MessageKey Look(uint leaf, ContentType type, uint generation, uint maxAhead)
    {
        if (_ratchets.ContainsKey(leaf))
        {
            return Ratchet(leaf, type).Look(generation, maxAhead);
        }

        if (generation > maxAhead)
        {
            throw new E2EException(E2EError.TooFarAhead);
        }

        uint node = NodeAbove(leaf);
        using var aside = new SecretTree(_suite, _leaves);
        aside._nodes.Add(node, _nodes[node].Copy());
        return aside.Ratchet(leaf, type).Look(generation, maxAhead);
    }

    /// <summary>Deletes kept keys by age.</summary>
    public void Expire(long now, long maxAge)
    {
        foreach ((HashRatchet handshake, HashRatchet application) in _ratchets.Values)
        {
            handshake.Expire(now, maxAge);
            application.Expire(now, maxAge);
        }
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

    /// <exception cref="E2EException">A length is wrong, or the secrets do not cover each leaf once
    /// (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static SecretTree ReadFrom(MlsSuite suite, uint leaves, ref MlsReader reader)
    {
        if (reader.ReadUInt32() != leaves)
        {
            throw Uncovered();
        }

        var tree = new SecretTree(suite, leaves);
        try
        {
            var covered = new List<(uint First, uint Last)>();
            for (uint count = reader.ReadUInt32(); count > 0; count--)
            {
                uint node = reader.ReadUInt32();
                if (node >= TreeMath.NodeCount(leaves) || tree._nodes.ContainsKey(node))
                {
                    throw Uncovered();
                }

                tree._nodes.Add(node, MlsSecret.Read(ref reader, suite.SecretSize));
                covered.Add((TreeMath.FirstLeaf(node), TreeMath.LastLeaf(node)));
            }

            for (uint count = reader.ReadUInt32(); count > 0; count--)
            {
                uint leaf = reader.ReadUInt32();
                if (leaf >= leaves || tree._ratchets.ContainsKey(leaf))
                {
                    throw Uncovered();
                }

                HashRatchet handshake = HashRatchet.ReadFrom(suite, ref reader);
                tree._ratchets.Add(leaf, (handshake, HashRatchet.ReadFrom(suite, ref reader)));
                covered.Add((leaf, leaf));
            }

            // Without this a leaf would have no secret above it, or two.
            uint next = 0;
            foreach ((uint first, uint last) in covered.Order())
            {
                next = first == next ? last + 1 : throw Uncovered();
            }

            return next == leaves ? tree : throw Uncovered();
        }
        catch
        {
            tree.Dispose();
            throw;
        }
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

    private static E2EException Uncovered() =>
        new(E2EError.InvalidEncoding, "A secret tree does not cover each leaf once.");

    /// <summary>The node with a secret that the leaf's come from.</summary>
    private uint NodeAbove(uint leaf)
    {
        uint node = 2 * leaf;
        while (!_nodes.ContainsKey(node))
        {
            node = TreeMath.Parent(node);
        }

        return node;
    }

    private (HashRatchet Handshake, HashRatchet Application) Derive(uint leaf)
    {
        uint node = NodeAbove(leaf);
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
