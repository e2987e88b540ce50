namespace PulseMeet.E2E.Mls;

/// <summary>Resolutions and filtered direct paths (RFC 9420, sections 4.1.1 and 4.1.2).</summary>
internal sealed partial class RatchetTree
{
    /// <summary>The nodes that together cover all non-blank leaves below a node, in order.</summary>
    public List<uint> Resolution(uint node)
    {
        var resolution = new List<uint>();
        Resolve(node, resolution);
        return resolution;
    }

    /// <summary>The nodes above a leaf whose child on the copath has members, from the lowest up.</summary>
    public List<uint> FilteredDirectPath(uint leaf)
    {
        var filtered = new List<uint>();
        uint child = 2 * leaf;
        foreach (uint node in TreeMath.DirectPath(leaf, LeafCount))
        {
            if (HasMembers(TreeMath.Sibling(child)))
            {
                filtered.Add(node);
            }

            child = node;
        }

        return filtered;
    }

    /// <summary>The child of a node that is not above the leaf.</summary>
    public static uint CopathChild(uint node, uint leaf)
    {
        uint left = TreeMath.Left(node);
        return TreeMath.Contains(left, leaf) ? TreeMath.Right(node) : left;
    }

    private void Resolve(uint node, List<uint> resolution)
    {
        if (!IsBlank(node))
        {
            resolution.Add(node);
            if (!TreeMath.IsLeaf(node))
            {
                foreach (uint leaf in Parent(node)!.UnmergedLeaves)
                {
                    resolution.Add(2 * leaf);
                }
            }
        }
        else if (!TreeMath.IsLeaf(node))
        {
            Resolve(TreeMath.Left(node), resolution);
            Resolve(TreeMath.Right(node), resolution);
        }
    }

    private bool HasMembers(uint node)
    {
        if (!IsBlank(node))
        {
            return true;
        }

        return !TreeMath.IsLeaf(node) && (HasMembers(TreeMath.Left(node)) || HasMembers(TreeMath.Right(node)));
    }
}
