using System.Text.Json;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>tree-math, tree-operations and tree-validation.</summary>
internal static class TreeVectors
{
    public static bool TreeMathHolds(JsonElement entry, MlsSuite suite)
    {
        uint leaves = entry.GetProperty("n_leaves").GetUInt32();
        uint nodes = entry.GetProperty("n_nodes").GetUInt32();
        uint root = entry.GetProperty("root").GetUInt32();
        bool holds = TreeMath.NodeCount(leaves) == nodes && TreeMath.Root(leaves) == root;
        for (uint node = 0; node < nodes; node++)
        {
            holds &= Equal(entry, "left", node, TreeMath.IsLeaf(node) ? null : TreeMath.Left(node))
                && Equal(entry, "right", node, TreeMath.IsLeaf(node) ? null : TreeMath.Right(node))
                && Equal(entry, "parent", node, node == root ? null : TreeMath.Parent(node))
                && Equal(entry, "sibling", node, node == root ? null : TreeMath.Sibling(node));
        }

        return holds;
    }

    public static bool TreeOperationsHold(JsonElement entry, MlsSuite suite)
    {
        RatchetTree tree = RatchetTree.Decode(suite, entry.Bytes("tree_before"));
        uint sender = entry.GetProperty("proposal_sender").GetUInt32();
        bool before = entry.Is("tree_hash_before", tree.TreeHash());
        switch (MlsEncoding.Decode<Proposal>(entry.Bytes("proposal")))
        {
            case AddProposal add:
                tree.Add(add.KeyPackage.Leaf);
                break;
            case UpdateProposal update:
                tree.Update(sender, update.Leaf);
                break;
            case RemoveProposal remove:
                tree.Remove(remove.Removed);
                tree.Truncate();
                break;
            default:
                return false;
        }

        return before && entry.Is("tree_after", tree.Encode()) && entry.Is("tree_hash_after", tree.TreeHash());
    }

    public static bool TreeValidationHolds(JsonElement entry, MlsSuite suite)
    {
        RatchetTree tree = RatchetTree.Decode(suite, entry.Bytes("tree"));
        TreeValidation.Validate(tree, suite);
        byte[] groupId = entry.Bytes("group_id");
        bool holds = tree.Members().All(member => member.Leaf.IsSignatureValid(suite, new LeafPlace(groupId, member.Index)));
        for (uint node = 0; node < TreeMath.NodeCount(tree.LeafCount); node++)
        {
            int[] resolution = [.. tree.Resolution(node).Select(found => (int)found)];
            holds &= resolution.SequenceEqual(entry.GetProperty("resolutions")[(int)node].EnumerateArray().Select(x => x.GetInt32()))
                && tree.TreeHash(node).SequenceEqual(Convert.FromHexString(entry.GetProperty("tree_hashes")[(int)node].GetString()!));
        }

        return holds;
    }

    private static bool Equal(JsonElement entry, string list, uint node, uint? expected)
    {
        JsonElement value = entry.GetProperty(list)[(int)node];
        return (value.ValueKind == JsonValueKind.Null ? (uint?)null : value.GetUInt32()) == expected;
    }
}
