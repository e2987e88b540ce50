namespace PulseMeet.E2E.Mls.Tests;

/// <summary>Leaves and key packages that differ from right ones in what a test says.</summary>
internal static class Leaves
{
    public static MlsSuite Suite => MlsSuite.X25519Aes128;

    public static LeafNodeContent With(
        this LeafNodeContent content,
        byte[]? encryptionKey = null,
        byte[]? signatureKey = null,
        Credential? credential = null,
        Capabilities? capabilities = null,
        Extension[]? extensions = null) => new(
            encryptionKey ?? content.EncryptionKey,
            signatureKey ?? content.SignatureKey,
            credential ?? content.Credential,
            capabilities ?? content.Capabilities,
            extensions ?? [.. content.Extensions]);

    public static Capabilities With(
        this Capabilities capabilities,
        ushort[]? versions = null,
        ushort[]? suites = null,
        ushort[]? extensions = null,
        ushort[]? proposals = null,
        ushort[]? credentials = null) => new(
            versions ?? [.. capabilities.Versions],
            suites ?? [.. capabilities.Suites],
            extensions ?? [.. capabilities.Extensions],
            proposals ?? [.. capabilities.Proposals],
            credentials ?? [.. capabilities.Credentials]);

    /// <summary>A key package of a client whose leaf, source or lifetime is another one.</summary>
    public static KeyPackage KeyPackage(
        Member owner,
        Func<LeafNodeContent, LeafNodeContent>? content = null,
        LeafNodeSource source = LeafNodeSource.KeyPackage,
        Lifetime? lifetime = null,
        Func<LeafNode, LeafNode>? leaf = null,
        MlsSignatureKey? key = null)
    {
        LeafNodeContent said = owner.Client.LeafContent(Suite.GenerateKeyPair().PublicKey);
        said = content is null ? said : content(said);
        LeafNode signed = LeafNode.Sign(
            Suite,
            said,
            source,
            lifetime ?? Lifetime.From(owner.Clock.Now, TimeSpan.FromDays(30)),
            [],
            new LeafPlace(default, 0),
            key ?? owner.Key);
        return Mls.KeyPackage.Sign(
            Suite, Suite.GenerateKeyPair().PublicKey, leaf is null ? signed : leaf(signed), [], key ?? owner.Key);
    }

    /// <summary>The leaf of an Update or of a path for a member's place, signed with the member's key.</summary>
    public static LeafNode Leaf(
        Member owner,
        LeafNodeSource source,
        Func<LeafNodeContent, LeafNodeContent>? content = null,
        byte[]? parentHash = null,
        byte[]? encryptionKey = null,
        MlsSignatureKey? key = null,
        uint? place = null)
    {
        LeafNodeContent said = owner.Epoch.OwnLeaf.Content.WithEncryptionKey(encryptionKey ?? Suite.GenerateKeyPair().PublicKey);
        return LeafNode.Sign(
            Suite,
            content is null ? said : content(said),
            source,
            Lifetime.From(owner.Clock.Now, TimeSpan.FromDays(30)),
            parentHash ?? [],
            new LeafPlace(owner.Group.GroupId, place ?? owner.Group.Own),
            key ?? owner.Key);
    }

    /// <summary>The same leaf with one bit of its signature changed.</summary>
    public static LeafNode WithBrokenSignature(LeafNode leaf)
    {
        byte[] encoded = leaf.Encode();
        encoded[^1] ^= 1;
        return MlsEncoding.Decode<LeafNode>(encoded);
    }
}
