using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>TreeKEM's secrets along a filtered direct path (RFC 9420, sections 7.4 and 7.5): derived upwards from one path
/// secret, merged into a tree, opened by the others.</summary>
internal static class PathSecrets
{
    /// <summary>The key pair of a node, from its path secret.</summary>
    public static HpkeKeyPair NodeKeyPair(MlsSuite suite, MlsSecret pathSecret)
    {
        using MlsSecret nodeSecret = suite.DeriveSecret(pathSecret, "node"u8);
        return suite.DeriveKeyPair(nodeSecret);
    }

    /// <summary>The path secret of the next node up; above the root, the commit secret.</summary>
    public static MlsSecret Next(MlsSuite suite, MlsSecret pathSecret) => suite.DeriveSecret(pathSecret, "path"u8);

    /// <summary>Puts new keys on a leaf's filtered direct path and chains the parent hashes from the root down (7.5, 7.9).</summary>
    /// <param name="tree">The tree, already with the commit's proposals applied.</param>
    /// <param name="leaf">The committer's leaf.</param>
    /// <param name="keys">The new keys, from the lowest up, one for each node of the filtered direct path.</param>
    /// <returns>The parent hash for the committer's leaf; empty where the path has no node.</returns>
    public static byte[] Merge(RatchetTree tree, uint leaf, IReadOnlyList<byte[]> keys)
    {
        List<uint> path = tree.FilteredDirectPath(leaf);
        tree.BlankPath(leaf);
        byte[] parentHash = [];
        for (int i = path.Count - 1; i >= 0; i--)
        {
            var parent = new ParentNode(keys[i], parentHash, []);
            tree.SetParent(path[i], parent);
            parentHash = tree.ParentHash(parent, tree.TreeHash(RatchetTree.CopathChild(path[i], leaf)));
        }

        return parentHash;
    }

    /// <summary>The nodes that a path secret is sealed to: the resolution without the leaves that the commit adds (7.5).</summary>
    public static List<uint> Recipients(RatchetTree tree, uint copathChild, IReadOnlyCollection<uint> addedLeaves)
    {
        List<uint> resolution = tree.Resolution(copathChild);
        resolution.RemoveAll(node => TreeMath.IsLeaf(node) && addedLeaves.Contains(node / 2));
        return resolution;
    }

    /// <summary>Seals each path secret to its recipients.</summary>
    /// <param name="suite">The suite.</param>
    /// <param name="tree">The tree with the path merged.</param>
    /// <param name="leaf">The committer's leaf.</param>
    /// <param name="path">The filtered direct path.</param>
    /// <param name="secrets">One for each node of it.</param>
    /// <param name="addedLeaves">The leaves that the commit adds.</param>
    /// <param name="provisionalContext">The provisional group context, encoded.</param>
    public static UpdatePathNode[] Seal(
        MlsSuite suite,
        RatchetTree tree,
        uint leaf,
        IReadOnlyList<uint> path,
        IReadOnlyList<MlsSecret> secrets,
        IReadOnlyCollection<uint> addedLeaves,
        ReadOnlySpan<byte> provisionalContext)
    {
        var nodes = new UpdatePathNode[path.Count];
        for (int i = 0; i < nodes.Length; i++)
        {
            List<uint> recipients = Recipients(tree, RatchetTree.CopathChild(path[i], leaf), addedLeaves);
            var ciphertexts = new HpkeCiphertext[recipients.Count];
            using SecretScope secret = secrets[i].Use();
            for (int j = 0; j < ciphertexts.Length; j++)
            {
                ciphertexts[j] = suite.EncryptWithLabel(
                    tree.EncryptionKey(recipients[j])!, "UpdatePathNode"u8, provisionalContext, secret.Span);
            }

            nodes[i] = new UpdatePathNode(tree.Parent(path[i])!.EncryptionKey, ciphertexts);
        }

        return nodes;
    }

    /// <summary>Opens the lowest path secret that this member can, and derives the rest up to the commit secret.</summary>
    /// <param name="suite">The suite.</param>
    /// <param name="tree">The tree with the path merged.</param>
    /// <param name="sender">The committer's leaf.</param>
    /// <param name="own">This member's leaf.</param>
    /// <param name="path">The path as it was sent.</param>
    /// <param name="addedLeaves">The leaves that the commit adds.</param>
    /// <param name="provisionalContext">The provisional group context, encoded.</param>
    /// <param name="privateKeys">The private keys that this member holds, by node.</param>
    /// <param name="newKeys">Filled with the private keys of the nodes on the path above this member.</param>
    /// <param name="ownPathSecret">The secret that was opened, for vectors and for Welcomes; the caller disposes it.</param>
    /// <returns>The commit secret.</returns>
    /// <exception cref="E2EException">Counts do not fit (<see cref="E2EError.MlsInvalidCommit"/>), or nothing opens, or a derived
    /// key is another one than was sent (<see cref="E2EError.MlsPathUnreadable"/>).</exception>
    public static MlsSecret Open(
        MlsSuite suite,
        RatchetTree tree,
        uint sender,
        uint own,
        UpdatePath path,
        IReadOnlyCollection<uint> addedLeaves,
        ReadOnlySpan<byte> provisionalContext,
        IReadOnlyDictionary<uint, MlsSecret> privateKeys,
        Dictionary<uint, MlsSecret> newKeys,
        out MlsSecret ownPathSecret)
    {
        List<uint> nodes = tree.FilteredDirectPath(sender);
        if (nodes.Count != path.Nodes.Count)
        {
            throw new E2EException(E2EError.MlsInvalidCommit, "The path has another length than the filtered direct path.");
        }

        // 7.6: one ciphertext for each recipient, checked for every node, not for the own one alone.
        int at = -1;
        List<uint> ownRecipients = [];
        for (int i = 0; i < nodes.Count; i++)
        {
            uint copath = RatchetTree.CopathChild(nodes[i], sender);
            List<uint> recipients = Recipients(tree, copath, addedLeaves);
            if (recipients.Count != path.Nodes[i].EncryptedPathSecrets.Count)
            {
                throw new E2EException(E2EError.MlsInvalidCommit, "A node of the path has too many or too few ciphertexts.");
            }

            if (TreeMath.Contains(copath, own))
            {
                at = i;
                ownRecipients = recipients;
            }
        }

        int index = ownRecipients.FindIndex(privateKeys.ContainsKey);
        MlsSecret secret = (index < 0 ? null : suite.DecryptWithLabel(
            privateKeys[ownRecipients[index]], "UpdatePathNode"u8, provisionalContext, path.Nodes[at].EncryptedPathSecrets[index]))
            ?? throw new E2EException(E2EError.MlsPathUnreadable);
        MlsSecret kept = secret.Copy();
        try
        {
            MlsSecret commitSecret = Climb(suite, tree, nodes, at, secret, newKeys);
            ownPathSecret = kept;
            return commitSecret;
        }
        catch
        {
            kept.Dispose();
            throw;
        }
    }

    /// <summary>From one node's path secret to the keys of those above and to the commit secret. Consumes the secret; where a
    /// key does not fit, none is left in <paramref name="newKeys"/>.</summary>
    public static MlsSecret Climb(
        MlsSuite suite,
        RatchetTree tree,
        IReadOnlyList<uint> path,
        int start,
        MlsSecret secret,
        Dictionary<uint, MlsSecret> newKeys)
    {
        for (int i = start; i < path.Count; i++)
        {
            HpkeKeyPair keyPair = NodeKeyPair(suite, secret);
            newKeys[path[i]] = keyPair.PrivateKey;
            if (!PublicBytes.Equal(keyPair.PublicKey, tree.Parent(path[i])!.EncryptionKey))
            {
                secret.Dispose();
                for (int made = start; made <= i; made++)
                {
                    newKeys.Remove(path[made], out MlsSecret? key);
                    key?.Dispose();
                }

                throw new E2EException(E2EError.MlsPathUnreadable, "A derived key is another one than was sent.");
            }

            MlsSecret next = Next(suite, secret);
            secret.Dispose();
            secret = next;
        }

        return secret;
    }
}
