namespace PulseMeet.E2E.Mls;

/// <summary>A key package with its private keys, as its client keeps it until it is used (RFC 9420, section 10).</summary>
/// <remarks>Owns its secrets. Not thread-safe.</remarks>
internal sealed class KeyPackageKeys : IDisposable
{
    private const byte Version = 1;

    /// <param name="keyPackage">The key package.</param>
    /// <param name="initKey">The private key of its init key; owned from here on.</param>
    /// <param name="leafKey">The private key of its leaf; owned from here on.</param>
    /// <param name="signatureKey">The leaf's signature key; owned from here on.</param>
    public KeyPackageKeys(KeyPackage keyPackage, MlsSecret initKey, MlsSecret leafKey, MlsSignatureKey signatureKey)
    {
        KeyPackage = keyPackage;
        InitKey = initKey;
        LeafKey = leafKey;
        SignatureKey = signatureKey;
    }

    public KeyPackage KeyPackage { get; }

    public MlsSecret InitKey { get; }

    public MlsSecret LeafKey { get; }

    public MlsSignatureKey SignatureKey { get; }

    /// <summary>The MLSMessage to publish.</summary>
    public byte[] Message() => MlsMessage.Encode(WireFormat.KeyPackage, KeyPackage);

    /// <summary>Makes a key package.</summary>
    /// <param name="suite">The suite.</param>
    /// <param name="client">Whose it is.</param>
    /// <param name="lifetime">When it may be used to add the client.</param>
    /// <param name="isLastResort">Whether it may be used more than once, when all others are used up (section 16.8).</param>
    public static KeyPackageKeys Create(MlsSuite suite, MlsClient client, Lifetime lifetime, bool isLastResort = false)
    {
        HpkeKeyPair init = suite.GenerateKeyPair();
        HpkeKeyPair leafKeys = suite.GenerateKeyPair();
        LeafNode leaf = LeafNode.Sign(
            suite, client.LeafContent(leafKeys.PublicKey), LeafNodeSource.KeyPackage, lifetime, [], default, client.SignatureKey);

        // 13.5: a greased extension, of the type that the leaf's capabilities list.
        var extensions = new List<Extension> { Grease.Extension(client.LeafExtensions[^1].Type) };
        if (isLastResort)
        {
            extensions.Add(new Extension(ExtensionType.LastResort, []));
        }

        KeyPackage keyPackage = KeyPackage.Sign(suite, init.PublicKey, leaf, [.. extensions], client.SignatureKey);
        return new KeyPackageKeys(keyPackage, init.PrivateKey, leafKeys.PrivateKey, client.SignatureKey.Copy());
    }

    /// <summary>The whole, with its secrets; the caller zeroes it.</summary>
    public byte[] Serialize()
    {
        using var writer = new MlsWriter(2048);
        writer.WriteByte(Version);
        KeyPackage.Write(writer);
        InitKey.WriteVector(writer);
        LeafKey.WriteVector(writer);
        SignatureKey.WriteVector(writer);
        return writer.ToArray();
    }

    /// <exception cref="E2EException">Malformed, or a key is not its own (<see cref="E2EError.InvalidEncoding"/>), or of another
    /// version (<see cref="E2EError.UnsupportedVersion"/>) or suite (<see cref="E2EError.MlsUnsupported"/>).</exception>
    public static KeyPackageKeys Deserialize(ReadOnlySpan<byte> serialized)
    {
        var reader = new MlsReader(serialized);
        if (reader.ReadByte() != Version)
        {
            throw new E2EException(E2EError.UnsupportedVersion);
        }

        var keyPackage = KeyPackage.Read(ref reader);
        MlsSuite suite = MlsSuite.Get(keyPackage.Suite);
        using MlsSecret initKey = MlsSecret.CopyOf(reader.ReadVector());
        using MlsSecret leafKey = MlsSecret.CopyOf(reader.ReadVector());
        ReadOnlySpan<byte> signatureKey = reader.ReadVector();
        reader.ExpectEnd();
        var keys = new KeyPackageKeys(
            keyPackage,
            initKey.Copy(),
            leafKey.Copy(),
            signatureKey.Length == Primitives.Ed25519.PrivateKeySize
                ? MlsSignatureKey.Import(signatureKey)
                : throw new E2EException(E2EError.InvalidEncoding));
        if (!keys.AreMatching(suite))
        {
            keys.Dispose();
            throw new E2EException(E2EError.InvalidEncoding, "A private key is not that of the key package.");
        }

        return keys;
    }

    /// <summary>Whether each private key is that of its public key.</summary>
    public bool AreMatching(MlsSuite suite) =>
        suite.Matches(InitKey, KeyPackage.InitKey)
        && suite.Matches(LeafKey, KeyPackage.Leaf.EncryptionKey)
        && Primitives.PublicBytes.Equal(SignatureKey.PublicKey, KeyPackage.Leaf.SignatureKey);

    public void Dispose()
    {
        InitKey.Dispose();
        LeafKey.Dispose();
        SignatureKey.Dispose();
    }
}
