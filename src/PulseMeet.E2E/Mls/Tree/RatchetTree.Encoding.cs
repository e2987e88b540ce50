using System.Numerics;

namespace PulseMeet.E2E.Mls;

/// <summary>The ratchet_tree extension (RFC 9420, section 12.4.3.3).</summary>
internal sealed partial class RatchetTree
{
    /// <summary>ratchet_tree: the nodes in order, without the blanks at the end.</summary>
    public byte[] Encode()
    {
        uint count = TreeMath.NodeCount(LeafCount);
        while (count > 0 && IsBlank(count - 1))
        {
            count--;
        }

        using var writer = new MlsWriter(1024);
        int start = writer.BeginVector();
        for (uint node = 0; node < count; node++)
        {
            writer.WritePresence(!IsBlank(node));
            if (IsBlank(node))
            {
                continue;
            }

            if (TreeMath.IsLeaf(node))
            {
                writer.WriteByte(LeafType);
                _leaves[node / 2]!.Write(writer);
            }
            else
            {
                writer.WriteByte(ParentType);
                Parent(node)!.Write(writer);
            }
        }

        writer.EndVector(start);
        return writer.ToArray();
    }

    /// <summary>Reads a ratchet_tree. Nothing is verified yet beyond the form.</summary>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), or of more leaves than
    /// <see cref="MlsLimits.MaxLeaves"/> (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static RatchetTree Decode(MlsSuite suite, ReadOnlySpan<byte> encoded)
    {
        var outer = new MlsReader(encoded);
        var reader = outer.ReadInner();
        outer.ExpectEnd();
        var leaves = new List<LeafNode?>();
        var parents = new List<ParentNode?>();
        bool lastIsBlank = true;
        for (uint node = 0; reader.Remaining > 0; node++)
        {
            if (node >= TreeMath.NodeCount(MlsLimits.MaxLeaves))
            {
                throw new E2EException(E2EError.LimitExceeded, "The ratchet tree has too many leaves.");
            }

            bool present = reader.ReadPresence();
            lastIsBlank = !present;

            // A node's type follows from its place; another one is malformed.
            if (present && reader.ReadByte() != (TreeMath.IsLeaf(node) ? LeafType : ParentType))
            {
                throw new E2EException(E2EError.InvalidEncoding, "A node of the tree is of the wrong type.");
            }

            if (TreeMath.IsLeaf(node))
            {
                leaves.Add(present ? LeafNode.Read(ref reader) : null);
            }
            else
            {
                parents.Add(present ? ParentNode.Read(ref reader) : null);
            }
        }

        // Section 12.4.3.3: the last node is not blank.
        if (lastIsBlank)
        {
            throw new E2EException(E2EError.InvalidEncoding, "The tree ends with a blank node.");
        }

        uint count = BitOperations.RoundUpToPowerOf2((uint)leaves.Count);
        if (leaves.Count == parents.Count && count == leaves.Count)
        {
            // The last node is the parent behind the last leaf: the tree reaches over the next power of two.
            count *= 2;
        }

        LeafNode?[] leafArray = new LeafNode?[count];
        leaves.CopyTo(leafArray);
        ParentNode?[] parentArray = new ParentNode?[count - 1];
        parents.CopyTo(parentArray);
        return new RatchetTree(suite, leafArray, parentArray, new byte[]?[TreeMath.NodeCount(count)]);
    }
}
