namespace PulseMeet.E2E.Mls;

/// <summary>SignWithLabel and VerifyWithLabel (RFC 9420, section 5.1.2).</summary>
internal sealed partial class MlsSuite
{
    public byte[] SignWithLabel(MlsSignatureKey key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> content)
    {
        using MlsWriter signContent = SignContent(label, content);
        return key.Sign(Signature, signContent.Written);
    }

    public bool VerifyWithLabel(
        ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> label, ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature)
    {
        using MlsWriter signContent = SignContent(label, content);
        return Signature.Verify(publicKey, signContent.Written, signature);
    }

    private static MlsWriter SignContent(ReadOnlySpan<byte> label, ReadOnlySpan<byte> content)
    {
        var writer = new MlsWriter(content.Length + 64);
        writer.WriteLength(Prefix.Length + label.Length);
        writer.WriteBytes(Prefix);
        writer.WriteBytes(label);
        writer.WriteVector(content);
        return writer;
    }
}
