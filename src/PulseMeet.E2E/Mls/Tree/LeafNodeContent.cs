namespace PulseMeet.E2E.Mls;

/// <summary>What a leaf says about its client, apart from how it came into the tree (RFC 9420, section 7.2).</summary>
internal sealed class LeafNodeContent(
    byte[] encryptionKey, byte[] signatureKey, Credential credential, Capabilities capabilities, Extension[] extensions)
{
    public byte[] EncryptionKey { get; } = encryptionKey;

    public byte[] SignatureKey { get; } = signatureKey;

    public Credential Credential { get; } = credential;

    public Capabilities Capabilities { get; } = capabilities;

    public IReadOnlyList<Extension> Extensions => extensions;

    /// <summary>The fields in front of the source.</summary>
    public void WriteFront(MlsWriter writer)
    {
        writer.WriteVector(EncryptionKey);
        writer.WriteVector(SignatureKey);
        Credential.Write(writer);
        Capabilities.Write(writer);
    }

    public LeafNodeContent WithEncryptionKey(byte[] key) => new(key, SignatureKey, Credential, Capabilities, extensions);
}

/// <summary>Where a leaf stands: what the signature of an update's or a commit's leaf is bound to.</summary>
internal readonly ref struct LeafPlace(ReadOnlySpan<byte> groupId, uint leafIndex)
{
    public ReadOnlySpan<byte> GroupId { get; } = groupId;

    public uint LeafIndex { get; } = leafIndex;
}
