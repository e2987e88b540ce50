namespace PulseMeet.E2E.Mls;

/// <summary>Who a client is in every group: its credential, its signature key, and what it supports.</summary>
/// <remarks>Does not own the signature key. Immutable.</remarks>
internal sealed class MlsClient
{
    /// <param name="credential">Who it is.</param>
    /// <param name="signatureKey">Its key; not disposed.</param>
    /// <param name="extensions">Types of extensions that it supports beyond RFC 9420's own.</param>
    /// <param name="proposals">Types of proposals that it supports beyond RFC 9420's own.</param>
    /// <param name="credentials">Types of credentials that it supports; its own's is among them by itself.</param>
    /// <param name="leafExtensions">What its leaves say beyond their fields; the types are among those supported.</param>
    public MlsClient(
        Credential credential,
        MlsSignatureKey signatureKey,
        ushort[]? extensions = null,
        ushort[]? proposals = null,
        ushort[]? credentials = null,
        Extension[]? leafExtensions = null)
    {
        Credential = credential;
        SignatureKey = signatureKey;

        // 13.5: a value in each list, and an extension in the leaf, that others have to ignore.
        ushort grease = Grease.Value();
        Capabilities = new Capabilities(
            [MlsNumbers.Mls10],
            [.. MlsSuite.All.Select(suite => suite.Id), Grease.Value()],
            [.. extensions ?? [], ExtensionType.LastResort, grease],
            [.. proposals ?? [], Grease.Value()],
            [.. (credentials ?? []).Append(credential.Type).Distinct(), Grease.Value()]);
        LeafExtensions = [.. leafExtensions ?? [], Grease.Extension(grease)];
    }

    public Credential Credential { get; }

    public MlsSignatureKey SignatureKey { get; }

    public Capabilities Capabilities { get; }

    public Extension[] LeafExtensions { get; }

    /// <summary>What a leaf of this client says, with the encryption key given.</summary>
    public LeafNodeContent LeafContent(byte[] encryptionKey) =>
        new(encryptionKey, SignatureKey.PublicKey, Credential, Capabilities, LeafExtensions);
}
