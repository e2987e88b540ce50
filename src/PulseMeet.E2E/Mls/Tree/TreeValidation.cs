using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>What a joiner verifies of a ratchet tree apart from its hash and its leaves' content (RFC 9420,
/// section 12.4.3.1): unmerged leaves, uniqueness of keys, parent hashes.</summary>
internal static class TreeValidation
{
    /// <exception cref="E2EException"><see cref="E2EError.MlsInvalidTree"/>.</exception>
    public static void Validate(RatchetTree tree, MlsSuite suite)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (uint node = 0; node < TreeMath.NodeCount(tree.LeafCount); node++)
        {
            if (tree.EncryptionKey(node) is not { } key)
            {
                continue;
            }

            // 12.4.3.1: an encryption key stands at one node alone (7.3 for leaves).
            if (!suite.Kem.IsValidPublicKey(key) || !keys.Add(Convert.ToBase64String(key)))
            {
                throw Invalid("An encryption key is malformed, or at two nodes.");
            }

            if (!TreeMath.IsLeaf(node))
            {
                ValidateUnmerged(tree, node);
                ValidateParentHash(tree, node);
            }
        }
    }

    /// <summary>12.4.3.1: an unmerged leaf is there, below the node, and unmerged at each node between.</summary>
    private static void ValidateUnmerged(RatchetTree tree, uint node)
    {
        foreach (uint leaf in tree.Parent(node)!.UnmergedLeaves)
        {
            if (!TreeMath.Contains(node, leaf) || tree.Leaf(leaf) is null)
            {
                throw Invalid("An unmerged leaf is blank, or not below its node.");
            }

            for (uint between = TreeMath.Parent(2 * leaf); between != node; between = TreeMath.Parent(between))
            {
                if (tree.Parent(between) is { } parent && !parent.HasUnmerged(leaf))
                {
                    throw Invalid("An unmerged leaf is missing at a node between.");
                }
            }
        }
    }

    /// <summary>7.9.2, top down: exactly one descendant has the parent hash of this node.</summary>
    private static void ValidateParentHash(RatchetTree tree, uint node)
    {
        ParentNode parent = tree.Parent(node)!;
        int valid = 0;
        foreach ((uint child, uint sibling) in new[]
        {
            (TreeMath.Left(node), TreeMath.Right(node)), (TreeMath.Right(node), TreeMath.Left(node)),
        })
        {
            List<uint> resolution = tree.Resolution(child);
            uint[] unmerged = [.. parent.UnmergedLeaves.Where(leaf => TreeMath.Contains(child, leaf)).Select(leaf => 2 * leaf)];

            // The resolution without the descendant is what is unmerged here.
            if (resolution.Count != unmerged.Length + 1)
            {
                continue;
            }

            byte[] expected = tree.ParentHash(parent, tree.OriginalTreeHash(sibling, parent.UnmergedLeaves));
            uint descendant = resolution.Find(candidate => Array.IndexOf(unmerged, candidate) < 0);
            byte[] found = TreeMath.IsLeaf(descendant)
                ? tree.Leaf(descendant / 2)!.ParentHash
                : tree.Parent(descendant)!.ParentHash;
            valid += PublicBytes.Equal(found, expected) && unmerged.All(resolution.Contains) ? 1 : 0;
        }

        if (valid != 1)
        {
            throw Invalid("A node's parent hash is not that of exactly one node below.");
        }
    }

    private static E2EException Invalid(string detail) => new(E2EError.MlsInvalidTree, detail);
}
