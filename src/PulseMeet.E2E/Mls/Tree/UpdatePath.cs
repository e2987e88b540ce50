namespace PulseMeet.E2E.Mls;

/// <summary>UpdatePath (RFC 9420, section 7.6): the committer's new leaf and, from the lowest up, the new nodes above it.</summary>
internal sealed class UpdatePath(LeafNode leaf, UpdatePathNode[] nodes) : IMlsStruct<UpdatePath>
{
    public LeafNode Leaf { get; } = leaf;

    public IReadOnlyList<UpdatePathNode> Nodes => nodes;

    public static UpdatePath Read(ref MlsReader reader) => new(LeafNode.Read(ref reader), reader.ReadAll<UpdatePathNode>());

    public void Write(MlsWriter writer)
    {
        Leaf.Write(writer);
        writer.WriteAll(nodes);
    }
}

/// <summary>UpdatePathNode (RFC 9420, section 7.6): a node's new key, and its path secret for each node of the copath
/// child's resolution.</summary>
internal sealed class UpdatePathNode(byte[] encryptionKey, HpkeCiphertext[] encryptedPathSecrets) : IMlsStruct<UpdatePathNode>
{
    public byte[] EncryptionKey { get; } = encryptionKey;

    public IReadOnlyList<HpkeCiphertext> EncryptedPathSecrets => encryptedPathSecrets;

    public static UpdatePathNode Read(ref MlsReader reader) =>
        new(reader.ReadVector().ToArray(), reader.ReadAll<HpkeCiphertext>());

    public void Write(MlsWriter writer)
    {
        writer.WriteVector(EncryptionKey);
        writer.WriteAll(encryptedPathSecrets);
    }
}
