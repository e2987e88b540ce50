namespace PulseMeet.E2E.Mls;

/// <summary>The required_capabilities extension of a group (RFC 9420, section 11.1).</summary>
internal sealed class RequiredCapabilities(ushort[] extensions, ushort[] proposals, ushort[] credentials)
    : IMlsStruct<RequiredCapabilities>
{
    public static RequiredCapabilities Read(ref MlsReader reader) =>
        new(reader.ReadNumbers(), reader.ReadNumbers(), reader.ReadNumbers());

    /// <returns>Null where the group has none.</returns>
    public static RequiredCapabilities? Of(IEnumerable<Extension> groupExtensions) =>
        groupExtensions.Find(ExtensionType.RequiredCapabilities) is { } extension
            ? MlsEncoding.Decode<RequiredCapabilities>(extension.Data)
            : null;

    public Extension ToExtension() => new(ExtensionType.RequiredCapabilities, this.Encode());

    public bool AreMetBy(Capabilities capabilities) =>
        Array.TrueForAll(extensions, capabilities.SupportsExtension)
        && Array.TrueForAll(proposals, capabilities.SupportsProposal)
        && Array.TrueForAll(credentials, capabilities.SupportsCredential);

    public void Write(MlsWriter writer)
    {
        writer.WriteNumbers(extensions);
        writer.WriteNumbers(proposals);
        writer.WriteNumbers(credentials);
    }
}
