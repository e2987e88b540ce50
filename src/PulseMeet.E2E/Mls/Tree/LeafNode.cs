using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>LeafNodeSource (RFC 9420, section 7.2).</summary>
internal enum LeafNodeSource : byte
{
    KeyPackage = 1,
    Update = 2,
    Commit = 3,
}

/// <summary>LeafNode (RFC 9420, section 7.2): a client's appearance in the group, signed by that client.</summary>
/// <remarks>Immutable; keeps its encoding, which tree hashes are made of.</remarks>
internal sealed class LeafNode : IMlsStruct<LeafNode>
{
    private readonly byte[] _encoded;
    private readonly int _signedLength;

    private LeafNode(
        LeafNodeContent content, LeafNodeSource source, Lifetime lifetime, byte[] parentHash, byte[] signature, byte[] encoded, int signedLength)
    {
        Content = content;
        Source = source;
        Lifetime = lifetime;
        ParentHash = parentHash;
        Signature = signature;
        _encoded = encoded;
        _signedLength = signedLength;
    }

    public LeafNodeContent Content { get; }

    public byte[] EncryptionKey => Content.EncryptionKey;

    public byte[] SignatureKey => Content.SignatureKey;

    public Credential Credential => Content.Credential;

    public Capabilities Capabilities => Content.Capabilities;

    public IReadOnlyList<Extension> Extensions => Content.Extensions;

    public LeafNodeSource Source { get; }

    /// <summary>Of a leaf out of a key package; else zeros.</summary>
    public Lifetime Lifetime { get; }

    /// <summary>Of a leaf out of a commit; else empty.</summary>
    public byte[] ParentHash { get; }

    public byte[] Signature { get; }

    /// <summary>The whole encoding.</summary>
    public ReadOnlySpan<byte> Encoded => _encoded;

    /// <summary>Signs a leaf (LeafNodeTBS).</summary>
    /// <param name="suite">The suite.</param>
    /// <param name="content">What it says.</param>
    /// <param name="source">How it comes into the tree.</param>
    /// <param name="lifetime">For a key package.</param>
    /// <param name="parentHash">For a commit.</param>
    /// <param name="place">The group and the index, for an update and a commit.</param>
    /// <param name="key">The key named in <paramref name="content"/>.</param>
    public static LeafNode Sign(
        MlsSuite suite,
        LeafNodeContent content,
        LeafNodeSource source,
        Lifetime lifetime,
        byte[] parentHash,
        LeafPlace place,
        MlsSignatureKey key)
    {
        using var writer = new MlsWriter(1024);
        content.WriteFront(writer);
        writer.WriteByte((byte)source);
        if (source == LeafNodeSource.KeyPackage)
        {
            writer.WriteUInt64(lifetime.NotBefore);
            writer.WriteUInt64(lifetime.NotAfter);
        }
        else if (source == LeafNodeSource.Commit)
        {
            writer.WriteVector(parentHash);
        }

        writer.WriteAll(content.Extensions);
        byte[] front = writer.ToArray();
        byte[] signature = suite.SignWithLabel(key, "LeafNodeTBS"u8, ToBeSigned(front, source, place));
        writer.WriteVector(signature);
        return new LeafNode(content, source, lifetime, parentHash, signature, writer.ToArray(), front.Length);
    }

    public static LeafNode Read(ref MlsReader reader)
    {
        ReadOnlySpan<byte> all = reader.Peek();
        byte[] encryptionKey = reader.ReadVector().ToArray();
        byte[] signatureKey = reader.ReadVector().ToArray();
        var credential = Credential.Read(ref reader);
        var capabilities = Capabilities.Read(ref reader);
        var source = (LeafNodeSource)reader.ReadByte();
        Lifetime lifetime = default;
        byte[] parentHash = [];
        switch (source)
        {
            case LeafNodeSource.KeyPackage:
                lifetime = new Lifetime(reader.ReadUInt64(), reader.ReadUInt64());
                break;
            case LeafNodeSource.Update:
                break;
            case LeafNodeSource.Commit:
                parentHash = reader.ReadVector().ToArray();
                break;
            default:
                throw new E2EException(E2EError.InvalidEncoding, "The leaf has an unknown source.");
        }

        Extension[] extensions = reader.ReadExtensions();
        int signedLength = all.Length - reader.Remaining;
        byte[] signature = reader.ReadVector().ToArray();
        byte[] encoded = all[..^reader.Remaining].ToArray();
        var content = new LeafNodeContent(encryptionKey, signatureKey, credential, capabilities, extensions);
        return new LeafNode(content, source, lifetime, parentHash, signature, encoded, signedLength);
    }

    /// <summary>Whether the leaf's own key signed it for this place.</summary>
    public bool IsSignatureValid(MlsSuite suite, LeafPlace place) => suite.VerifyWithLabel(
        SignatureKey, "LeafNodeTBS"u8, ToBeSigned(_encoded.AsSpan(0, _signedLength), Source, place), Signature);

    public bool IsSame(LeafNode other) => PublicBytes.Equal(_encoded, other._encoded);

    public void Write(MlsWriter writer) => writer.WriteBytes(_encoded);

    private static byte[] ToBeSigned(ReadOnlySpan<byte> front, LeafNodeSource source, LeafPlace place)
    {
        using var writer = new MlsWriter(front.Length + 128);
        writer.WriteBytes(front);
        if (source != LeafNodeSource.KeyPackage)
        {
            writer.WriteVector(place.GroupId);
            writer.WriteUInt32(place.LeafIndex);
        }

        return writer.ToArray();
    }
}
