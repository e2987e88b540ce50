namespace PulseMeet.E2E.Mls;

/// <summary>Capabilities (RFC 9420, section 7.2): what a client supports. Unknown values are kept and ignored.</summary>
internal sealed class Capabilities(
    ushort[] versions, ushort[] suites, ushort[] extensions, ushort[] proposals, ushort[] credentials)
    : IMlsStruct<Capabilities>
{
    public IReadOnlyList<ushort> Versions => versions;

    public IReadOnlyList<ushort> Suites => suites;

    public IReadOnlyList<ushort> Extensions => extensions;

    public IReadOnlyList<ushort> Proposals => proposals;

    public IReadOnlyList<ushort> Credentials => credentials;

    public static Capabilities Read(ref MlsReader reader) => new(
        reader.ReadNumbers(), reader.ReadNumbers(), reader.ReadNumbers(), reader.ReadNumbers(), reader.ReadNumbers());

    public bool SupportsVersion(ushort version) => Array.IndexOf(versions, version) >= 0;

    public bool SupportsSuite(ushort suite) => Array.IndexOf(suites, suite) >= 0;

    public bool SupportsExtension(ushort type) => ExtensionType.IsDefault(type) || Array.IndexOf(extensions, type) >= 0;

    public bool SupportsProposal(ushort type) => ProposalType.IsDefault(type) || Array.IndexOf(proposals, type) >= 0;

    public bool SupportsCredential(ushort type) => Array.IndexOf(credentials, type) >= 0;

    public void Write(MlsWriter writer)
    {
        writer.WriteNumbers(versions);
        writer.WriteNumbers(suites);
        writer.WriteNumbers(extensions);
        writer.WriteNumbers(proposals);
        writer.WriteNumbers(credentials);
    }
}
