namespace PulseMeet.E2E.Mls;

/// <summary>Tree hashes and parent hashes (RFC 9420, sections 7.8 and 7.9).</summary>
internal sealed partial class RatchetTree
{
    private const byte LeafType = 1;
    private const byte ParentType = 2;

    /// <summary>The tree hash of the whole tree.</summary>
    public byte[] TreeHash() => TreeHash(Root);

    /// <summary>The tree hash of a node, kept until something below changes.</summary>
    public byte[] TreeHash(uint node)
    {
        if (_hashes[node] is { } known)
        {
            return known;
        }

        byte[] hash;
        if (TreeMath.IsLeaf(node))
        {
            hash = LeafHash(node / 2, _leaves[node / 2]);
        }
        else
        {
            using var writer = new MlsWriter(256);
            writer.WriteByte(ParentType);
            writer.WritePresence(Parent(node) is not null);
            Parent(node)?.Write(writer);
            writer.WriteVector(TreeHash(TreeMath.Left(node)));
            writer.WriteVector(TreeHash(TreeMath.Right(node)));
            hash = _suite.Hash.Hash(writer.Written);
        }

        _hashes[node] = hash;
        return hash;
    }

    /// <summary>The parent hash of a node with respect to a sibling (ParentHashInput).</summary>
    public byte[] ParentHash(ParentNode parent, byte[] originalSiblingTreeHash)
    {
        using var writer = new MlsWriter(256 + parent.EncryptionKey.Length);
        writer.WriteVector(parent.EncryptionKey);
        writer.WriteVector(parent.ParentHash);
        writer.WriteVector(originalSiblingTreeHash);
        return _suite.Hash.Hash(writer.Written);
    }

    /// <summary>The tree hash of a node as it was before some leaves were added (original_sibling_tree_hash).</summary>
    public byte[] OriginalTreeHash(uint node, IReadOnlyList<uint> without)
    {
        if (!without.Any(leaf => TreeMath.Contains(node, leaf)))
        {
            return TreeHash(node);
        }

        if (TreeMath.IsLeaf(node))
        {
            return LeafHash(node / 2, null);
        }

        using var writer = new MlsWriter(256);
        writer.WriteByte(ParentType);
        writer.WritePresence(Parent(node) is not null);
        Parent(node)?.WriteWithout(writer, without);
        writer.WriteVector(OriginalTreeHash(TreeMath.Left(node), without));
        writer.WriteVector(OriginalTreeHash(TreeMath.Right(node), without));
        return _suite.Hash.Hash(writer.Written);
    }

    private byte[] LeafHash(uint index, LeafNode? leaf)
    {
        using var writer = new MlsWriter(512);
        writer.WriteByte(LeafType);
        writer.WriteUInt32(index);
        writer.WritePresence(leaf is not null);
        leaf?.Write(writer);
        return _suite.Hash.Hash(writer.Written);
    }
}
