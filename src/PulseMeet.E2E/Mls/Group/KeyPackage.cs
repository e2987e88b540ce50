using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>KeyPackage (RFC 9420, section 10): what a client publishes so that others can add it while it is away.</summary>
/// <remarks>Immutable; keeps its encoding.</remarks>
internal sealed class KeyPackage : IMlsStruct<KeyPackage>
{
    private readonly byte[] _encoded;
    private readonly int _signedLength;

    private KeyPackage(
        ushort version, ushort suite, byte[] initKey, LeafNode leaf, Extension[] extensions, byte[] signature, byte[] encoded, int signedLength)
    {
        Version = version;
        Suite = suite;
        InitKey = initKey;
        Leaf = leaf;
        Extensions = extensions;
        Signature = signature;
        _encoded = encoded;
        _signedLength = signedLength;
    }

    public ushort Version { get; }

    public ushort Suite { get; }

    public byte[] InitKey { get; }

    public LeafNode Leaf { get; }

    public IReadOnlyList<Extension> Extensions { get; }

    public byte[] Signature { get; }

    /// <summary>May be used more than once (section 16.8).</summary>
    public bool IsLastResort => Extensions.Find(ExtensionType.LastResort) is not null;

    public ReadOnlySpan<byte> Encoded => _encoded;

    public static KeyPackage Sign(MlsSuite suite, byte[] initKey, LeafNode leaf, Extension[] extensions, MlsSignatureKey key)
    {
        using var writer = new MlsWriter(2048);
        writer.WriteUInt16(MlsNumbers.Mls10);
        writer.WriteUInt16(suite.Id);
        writer.WriteVector(initKey);
        leaf.Write(writer);
        writer.WriteAll(extensions);
        int signedLength = writer.Length;
        byte[] signature = suite.SignWithLabel(key, "KeyPackageTBS"u8, writer.Written);
        writer.WriteVector(signature);
        return new KeyPackage(
            MlsNumbers.Mls10, suite.Id, initKey, leaf, extensions, signature, writer.ToArray(), signedLength);
    }

    public static KeyPackage Read(ref MlsReader reader)
    {
        ReadOnlySpan<byte> all = reader.Peek();
        ushort version = reader.ReadUInt16();
        ushort suite = reader.ReadUInt16();
        byte[] initKey = reader.ReadVector().ToArray();
        var leaf = LeafNode.Read(ref reader);
        Extension[] extensions = reader.ReadExtensions();
        int signedLength = all.Length - reader.Remaining;
        byte[] signature = reader.ReadVector().ToArray();
        byte[] encoded = all[..^reader.Remaining].ToArray();
        return new KeyPackage(version, suite, initKey, leaf, extensions, signature, encoded, signedLength);
    }

    /// <summary>KeyPackageRef (section 5.2).</summary>
    public byte[] Reference(MlsSuite suite) => suite.RefHash("MLS 1.0 KeyPackage Reference"u8, _encoded);

    /// <summary>Section 10.1, as far as the key package alone tells; the leaf is judged with the group's others.</summary>
    /// <exception cref="E2EException"><see cref="E2EError.MlsInvalidKeyPackage"/>.</exception>
    public void Validate(MlsSuite suite)
    {
        // 10.1, first rule: the version and the suite are the group's.
        if (Version != MlsNumbers.Mls10 || Suite != suite.Id)
        {
            throw Invalid("Its version or suite is not the group's.");
        }

        // 10.1, third rule: the signature.
        if (!suite.VerifyWithLabel(Leaf.SignatureKey, "KeyPackageTBS"u8, _encoded.AsSpan(0, _signedLength), Signature))
        {
            throw Invalid("Its signature does not verify.");
        }

        // 10.1, fourth rule: the init key is another one than the leaf's.
        if (PublicBytes.Equal(InitKey, Leaf.EncryptionKey))
        {
            throw Invalid("Its init key is its leaf's encryption key.");
        }

        // Section 10: the init key is one of the suite's KEM. The leaf's is checked with the leaf.
        if (!suite.Kem.IsValidPublicKey(InitKey))
        {
            throw Invalid("Its init key is malformed.");
        }

        // Section 10: extensions are listed in the leaf's capabilities, last_resort and unknown ones too.
        foreach (Extension extension in Extensions)
        {
            if (!Leaf.Capabilities.SupportsExtension(extension.Type))
            {
                throw Invalid("It has an extension that its capabilities do not list.");
            }
        }
    }

    public void Write(MlsWriter writer) => writer.WriteBytes(_encoded);

    private static E2EException Invalid(string detail) => new(E2EError.MlsInvalidKeyPackage, detail);
}
