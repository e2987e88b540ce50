namespace PulseMeet.E2E.Mls;

/// <summary>ParentNode (RFC 9420, section 7.1).</summary>
/// <remarks>Immutable.</remarks>
internal sealed class ParentNode(byte[] encryptionKey, byte[] parentHash, uint[] unmergedLeaves) : IMlsStruct<ParentNode>
{
    public byte[] EncryptionKey { get; } = encryptionKey;

    public byte[] ParentHash { get; } = parentHash;

    /// <summary>In increasing order.</summary>
    public IReadOnlyList<uint> UnmergedLeaves => unmergedLeaves;

    public static ParentNode Read(ref MlsReader reader)
    {
        byte[] encryptionKey = reader.ReadVector().ToArray();
        byte[] parentHash = reader.ReadVector().ToArray();
        var inner = reader.ReadInner();
        if (inner.Remaining % sizeof(uint) != 0)
        {
            throw new E2EException(E2EError.InvalidEncoding, "The list of unmerged leaves has a broken length.");
        }

        uint[] unmerged = new uint[inner.Remaining / sizeof(uint)];
        for (int i = 0; i < unmerged.Length; i++)
        {
            unmerged[i] = inner.ReadUInt32();

            // Section 7.1: sorted in increasing order.
            if (i > 0 && unmerged[i] <= unmerged[i - 1])
            {
                throw new E2EException(E2EError.InvalidEncoding, "The unmerged leaves are not in increasing order.");
            }
        }

        return new ParentNode(encryptionKey, parentHash, unmerged);
    }

    public bool HasUnmerged(uint leaf) => Array.BinarySearch(unmergedLeaves, leaf) >= 0;

    public ParentNode WithUnmerged(uint leaf)
    {
        int at = ~Array.BinarySearch(unmergedLeaves, leaf);
        return new ParentNode(EncryptionKey, ParentHash, [.. unmergedLeaves[..at], leaf, .. unmergedLeaves[at..]]);
    }

    public ParentNode WithParentHash(byte[] hash) => new(EncryptionKey, hash, unmergedLeaves);

    public void Write(MlsWriter writer)
    {
        writer.WriteVector(EncryptionKey);
        writer.WriteVector(ParentHash);
        WriteUnmerged(writer, unmergedLeaves);
    }

    /// <summary>The encoding with some leaves left out of the unmerged ones, for original sibling tree hashes.</summary>
    public void WriteWithout(MlsWriter writer, IReadOnlyCollection<uint> leaves)
    {
        writer.WriteVector(EncryptionKey);
        writer.WriteVector(ParentHash);
        WriteUnmerged(writer, unmergedLeaves.Where(leaf => !leaves.Contains(leaf)));
    }

    private static void WriteUnmerged(MlsWriter writer, IEnumerable<uint> leaves)
    {
        int start = writer.BeginVector();
        foreach (uint leaf in leaves)
        {
            writer.WriteUInt32(leaf);
        }

        writer.EndVector(start);
    }
}
