using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>What step 8 of processing a commit verifies of a path before anything is decrypted (RFC 9420,
/// section 12.4.2).</summary>
internal static class PathValidation
{
    /// <summary>Validates a path against the tree with the proposals applied, and merges it into that tree.</summary>
    /// <param name="epoch">The current epoch.</param>
    /// <param name="applied">The proposals; their tree is changed.</param>
    /// <param name="committer">The committer's leaf.</param>
    /// <param name="before">The leaf that is replaced; null for a joiner without one.</param>
    /// <param name="path">The path.</param>
    /// <param name="policy">Says who a credential is.</param>
    public static void ValidateAndMerge(
        EpochState epoch, AppliedProposals applied, uint committer, LeafNode? before, UpdatePath path, IGroupPolicy policy)
    {
        RatchetTree tree = applied.Tree;

        // Step 8b: the leaf is valid, and came by a commit (7.3).
        LeafValidation.Validate(
            epoch.Suite,
            path.Leaf,
            LeafNodeSource.Commit,
            new LeafPlace(epoch.Context.GroupId, committer),
            applied.Extensions,
            policy);

        // Step 8c: its encryption key is a new one.
        if (before is not null)
        {
            ProposalRules.ValidateSuccessor(before, path.Leaf, policy);
        }

        // Step 8d: no key of the path is in the tree, or twice in the path.
        var keys = new KeySet();
        for (uint node = 0; node < TreeMath.NodeCount(tree.LeafCount); node++)
        {
            if (tree.EncryptionKey(node) is { } key)
            {
                keys.Add(key);
            }
        }

        Require(keys.Add(path.Leaf.EncryptionKey), "The path's leaf has a key that is in the tree.");
        foreach (UpdatePathNode node in path.Nodes)
        {
            Require(
                epoch.Suite.Kem.IsValidPublicKey(node.EncryptionKey) && keys.Add(node.EncryptionKey),
                "A key of the path is malformed, or in the tree, or there twice.");
        }

        // 7.6: a node for each of the filtered direct path, and a ciphertext for each recipient.
        List<uint> filtered = tree.FilteredDirectPath(committer);
        Require(filtered.Count == path.Nodes.Count, "The path has another length than the filtered direct path.");
        for (int i = 0; i < filtered.Count; i++)
        {
            List<uint> recipients = PathSecrets.Recipients(tree, RatchetTree.CopathChild(filtered[i], committer), applied.Added);
            Require(
                recipients.Count == path.Nodes[i].EncryptedPathSecrets.Count,
                "A node of the path has too many or too few ciphertexts.");
        }

        // Step 8e: the path is merged, and the leaf has the parent hash that comes of it (7.5).
        byte[] parentHash = PathSecrets.Merge(tree, committer, [.. path.Nodes.Select(node => node.EncryptionKey)]);
        Require(PublicBytes.Equal(parentHash, path.Leaf.ParentHash), "The path's leaf has another parent hash.");
        tree.SetLeaf(committer, path.Leaf);
    }

    private static void Require(bool holds, string detail)
    {
        if (!holds)
        {
            throw new E2EException(E2EError.MlsInvalidCommit, detail);
        }
    }
}
