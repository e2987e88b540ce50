namespace PulseMeet.E2E.Mls;

/// <summary>An entry of the external_senders extension of a group (RFC 9420, section 12.1.8.1).</summary>
internal sealed class ExternalSender(byte[] signatureKey, Credential credential) : IMlsStruct<ExternalSender>
{
    public byte[] SignatureKey { get; } = signatureKey;

    public Credential Credential { get; } = credential;

    public static ExternalSender Read(ref MlsReader reader) => new(reader.ReadVector().ToArray(), Credential.Read(ref reader));

    public static IReadOnlyList<ExternalSender> Of(IEnumerable<Extension> groupExtensions)
    {
        if (groupExtensions.Find(ExtensionType.ExternalSenders) is not { } extension)
        {
            return [];
        }

        var reader = new MlsReader(extension.Data);
        ExternalSender[] senders = reader.ReadAll<ExternalSender>();
        reader.ExpectEnd();
        return senders;
    }

    public static Extension ToExtension(IEnumerable<ExternalSender> senders)
    {
        using var writer = new MlsWriter();
        writer.WriteAll(senders);
        return new Extension(ExtensionType.ExternalSenders, writer.ToArray());
    }

    public void Write(MlsWriter writer)
    {
        writer.WriteVector(SignatureKey);
        Credential.Write(writer);
    }
}
