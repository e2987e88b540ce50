namespace PulseMeet.E2E.Mls;

/// <summary>AuthenticatedContent (RFC 9420, section 6): a content with its signature and, for a commit, its confirmation
/// tag.</summary>
internal sealed class AuthenticatedContent(
    WireFormat wireFormat, FramedContent content, byte[] signature, byte[]? confirmationTag) : IMlsStruct<AuthenticatedContent>
{
    public WireFormat WireFormat { get; } = wireFormat;

    public FramedContent Content { get; } = content;

    public byte[] Signature { get; } = signature;

    public byte[]? ConfirmationTag { get; } = confirmationTag;

    public static AuthenticatedContent Read(ref MlsReader reader)
    {
        var wireFormat = (WireFormat)reader.ReadUInt16();
        var content = FramedContent.Read(ref reader);
        return ReadAuth(ref reader, wireFormat, content);
    }

    /// <summary>FramedContentAuthData (section 6.1).</summary>
    public static AuthenticatedContent ReadAuth(ref MlsReader reader, WireFormat wireFormat, FramedContent content) => new(
        wireFormat,
        content,
        reader.ReadVector().ToArray(),
        content.Type == ContentType.Commit ? reader.ReadVector().ToArray() : null);

    /// <summary>Signs a content (FramedContentTBS, section 6.1).</summary>
    public static byte[] Sign(
        MlsSuite suite, WireFormat wireFormat, FramedContent content, ReadOnlySpan<byte> groupContext, MlsSignatureKey key)
    {
        using MlsWriter signed = ToBeSigned(wireFormat, content, groupContext);
        return suite.SignWithLabel(key, "FramedContentTBS"u8, signed.Written);
    }

    public bool IsSignatureValid(MlsSuite suite, ReadOnlySpan<byte> groupContext, ReadOnlySpan<byte> signatureKey)
    {
        using MlsWriter signed = ToBeSigned(WireFormat, Content, groupContext);
        return suite.VerifyWithLabel(signatureKey, "FramedContentTBS"u8, signed.Written, Signature);
    }

    /// <summary>The membership tag of a public message (AuthenticatedContentTBM, section 6.2).</summary>
    public byte[] MembershipTag(MlsSuite suite, MlsSecret membershipKey, ReadOnlySpan<byte> groupContext)
    {
        using MlsWriter tagged = ToBeSigned(WireFormat, Content, groupContext);
        WriteAuth(tagged);
        return suite.Mac(membershipKey, tagged.Written);
    }

    /// <summary>ProposalRef (section 5.2).</summary>
    public byte[] ProposalReference(MlsSuite suite) => suite.RefHash("MLS 1.0 Proposal Reference"u8, this.Encode());

    public void Write(MlsWriter writer)
    {
        writer.WriteUInt16((ushort)WireFormat);
        Content.Write(writer);
        WriteAuth(writer);
    }

    public void WriteAuth(MlsWriter writer)
    {
        writer.WriteVector(Signature);
        if (Content.Type == ContentType.Commit)
        {
            writer.WriteVector(ConfirmationTag);
        }
    }

    private static MlsWriter ToBeSigned(WireFormat wireFormat, FramedContent content, ReadOnlySpan<byte> groupContext)
    {
        var writer = new MlsWriter(1024);
        writer.WriteUInt16(MlsNumbers.Mls10);
        writer.WriteUInt16((ushort)wireFormat);
        content.Write(writer);
        if (content.Sender.Type is SenderType.Member or SenderType.NewMemberCommit)
        {
            writer.WriteBytes(groupContext);
        }

        return writer;
    }
}
