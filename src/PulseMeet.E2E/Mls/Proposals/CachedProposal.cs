namespace PulseMeet.E2E.Mls;

/// <summary>A proposal as it came, and for an Update of the member's own the keys that it brings.</summary>
/// <remarks>Owns the keys.</remarks>
internal sealed class CachedProposal : IDisposable
{
    private readonly AuthenticatedContent _content;

    /// <param name="suite">The suite.</param>
    /// <param name="content">Verified, and with a proposal in it.</param>
    /// <param name="leafKey">The private key of an own Update's leaf; owned from here on.</param>
    /// <param name="signatureKey">The signature key of an own Update's leaf; owned from here on.</param>
    public CachedProposal(
        MlsSuite suite, AuthenticatedContent content, MlsSecret? leafKey = null, MlsSignatureKey? signatureKey = null)
    {
        _content = content;
        Reference = content.ProposalReference(suite);
        LeafKey = leafKey;
        SignatureKey = signatureKey;
    }

    public byte[] Reference { get; }

    public Proposal Proposal => _content.Content.Proposal!;

    public Sender Sender => _content.Content.Sender;

    public MlsSecret? LeafKey { get; }

    public MlsSignatureKey? SignatureKey { get; }

    public void WriteTo(MlsWriter writer)
    {
        int start = writer.BeginVector();
        _content.Write(writer);
        writer.EndVector(start);
        writer.WritePresence(LeafKey is not null);
        if (LeafKey is not null)
        {
            LeafKey.WriteVector(writer);
            SignatureKey!.WriteVector(writer);
        }
    }

    public static CachedProposal ReadFrom(MlsSuite suite, ref MlsReader reader)
    {
        var content = MlsEncoding.Decode<AuthenticatedContent>(reader.ReadVector());
        if (content.Content.Proposal is not { } proposal)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A kept proposal is none.");
        }

        if (!reader.ReadPresence())
        {
            return new CachedProposal(suite, content);
        }

        MlsSecret leafKey = MlsSecret.CopyOf(reader.ReadVector());
        ReadOnlySpan<byte> signatureKey = reader.ReadVector();
        if (signatureKey.Length != Primitives.Ed25519.PrivateKeySize
            || proposal is not UpdateProposal update
            || !suite.Matches(leafKey, update.Leaf.EncryptionKey))
        {
            leafKey.Dispose();
            throw new E2EException(E2EError.InvalidEncoding, "A kept proposal's keys are not its own.");
        }

        return new CachedProposal(suite, content, leafKey, MlsSignatureKey.Import(signatureKey));
    }

    public void Dispose()
    {
        LeafKey?.Dispose();
        SignatureKey?.Dispose();
    }
}
