using System.Numerics;

namespace PulseMeet.E2E.Mls;

/// <summary>Relations of nodes in the array of a perfect binary tree (RFC 9420, appendix C). Leaf i is node 2i; the level
/// of a node is the number of one bits at its end.</summary>
internal static class TreeMath
{
    public static int Level(uint node) => BitOperations.TrailingZeroCount(~node);

    public static bool IsLeaf(uint node) => (node & 1) == 0;

    /// <summary>The number of nodes over <paramref name="leaves"/> leaves.</summary>
    public static uint NodeCount(uint leaves) => leaves == 0 ? 0 : (2 * leaves) - 1;

    /// <summary>The root over <paramref name="leaves"/> leaves, a power of two.</summary>
    public static uint Root(uint leaves) => BitOperations.RoundUpToPowerOf2(leaves) - 1;

    public static uint Left(uint node) => node ^ (1u << (Level(node) - 1));

    public static uint Right(uint node) => node ^ (3u << (Level(node) - 1));

    /// <summary>The node above. The caller has checked that this is not the root.</summary>
    public static uint Parent(uint node)
    {
        int level = Level(node);
        uint bit = (node >> (level + 1)) & 1;
        return (node | (1u << level)) ^ (bit << (level + 1));
    }

    /// <summary>The other child of the node above.</summary>
    public static uint Sibling(uint node)
    {
        uint parent = Parent(node);
        return node < parent ? Right(parent) : Left(parent);
    }

    /// <summary>The first leaf, by index, below a node.</summary>
    public static uint FirstLeaf(uint node) => (node - ((1u << Level(node)) - 1)) / 2;

    /// <summary>The last leaf, by index, below a node.</summary>
    public static uint LastLeaf(uint node) => (node + ((1u << Level(node)) - 1)) / 2;

    /// <summary>Whether a leaf, by index, is below a node, or is it.</summary>
    public static bool Contains(uint node, uint leaf) => leaf >= FirstLeaf(node) && leaf <= LastLeaf(node);

    /// <summary>The lowest node above both leaves, by index.</summary>
    public static uint CommonAncestor(uint first, uint second)
    {
        uint node = 2 * first;
        while (!Contains(node, second))
        {
            node = Parent(node);
        }

        return node;
    }

    /// <summary>The nodes above a leaf, by index, from the lowest to the root.</summary>
    public static uint[] DirectPath(uint leaf, uint leaves)
    {
        uint root = Root(leaves);
        uint[] path = new uint[Level(root)];
        uint node = 2 * leaf;
        for (int i = 0; i < path.Length; i++)
        {
            node = Parent(node);
            path[i] = node;
        }

        return path;
    }
}
