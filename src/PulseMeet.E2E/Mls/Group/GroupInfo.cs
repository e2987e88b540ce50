namespace PulseMeet.E2E.Mls;

/// <summary>GroupInfo (RFC 9420, section 12.4.3): an epoch as a member describes it to a joiner.</summary>
internal sealed class GroupInfo(
    GroupContext context, Extension[] extensions, byte[] confirmationTag, uint signer, byte[] signature) : IMlsStruct<GroupInfo>
{
    public GroupContext Context { get; } = context;

    public IReadOnlyList<Extension> Extensions => extensions;

    public byte[] ConfirmationTag { get; } = confirmationTag;

    /// <summary>The index of the leaf that signed.</summary>
    public uint Signer { get; } = signer;

    public byte[] Signature { get; } = signature;

    public static GroupInfo Sign(
        MlsSuite suite, GroupContext context, Extension[] extensions, byte[] confirmationTag, uint signer, MlsSignatureKey key)
    {
        using MlsWriter signed = ToBeSigned(context, extensions, confirmationTag, signer);
        byte[] signature = suite.SignWithLabel(key, "GroupInfoTBS"u8, signed.Written);
        return new GroupInfo(context, extensions, confirmationTag, signer, signature);
    }

    public static GroupInfo Read(ref MlsReader reader) => new(
        GroupContext.Read(ref reader),
        reader.ReadExtensions(),
        reader.ReadVector().ToArray(),
        reader.ReadUInt32(),
        reader.ReadVector().ToArray());

    public bool IsSignatureValid(MlsSuite suite, ReadOnlySpan<byte> signatureKey)
    {
        using MlsWriter signed = ToBeSigned(Context, extensions, ConfirmationTag, Signer);
        return suite.VerifyWithLabel(signatureKey, "GroupInfoTBS"u8, signed.Written, Signature);
    }

    public void Write(MlsWriter writer)
    {
        WriteFront(writer, Context, extensions, ConfirmationTag, Signer);
        writer.WriteVector(Signature);
    }

    private static MlsWriter ToBeSigned(GroupContext context, Extension[] extensions, byte[] confirmationTag, uint signer)
    {
        var writer = new MlsWriter(1024);
        WriteFront(writer, context, extensions, confirmationTag, signer);
        return writer;
    }

    private static void WriteFront(
        MlsWriter writer, GroupContext context, Extension[] extensions, byte[] confirmationTag, uint signer)
    {
        context.Write(writer);
        writer.WriteAll(extensions);
        writer.WriteVector(confirmationTag);
        writer.WriteUInt32(signer);
    }
}
