namespace PulseMeet.E2E.Mls;

/// <summary>Credential (RFC 9420, section 5.3). A type and one vector: the identity of a basic credential, the chain of an
/// X.509 one, the bytes of any other.</summary>
internal sealed class Credential(ushort type, byte[] content) : IMlsStruct<Credential>
{
    public ushort Type { get; } = type;

    /// <summary>What is inside the vector.</summary>
    public byte[] Content { get; } = content;

    public static Credential Basic(ReadOnlySpan<byte> identity) => new(CredentialType.Basic, identity.ToArray());

    public static Credential Read(ref MlsReader reader)
    {
        var credential = new Credential(reader.ReadUInt16(), reader.ReadVector().ToArray());
        if (credential.Type == CredentialType.X509)
        {
            _ = credential.Certificates();
        }

        return credential;
    }

    /// <summary>The certificates of an X.509 credential, leaf first, in DER.</summary>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public IReadOnlyList<byte[]> Certificates()
    {
        var reader = new MlsReader(Content);
        var certificates = new List<byte[]>();
        while (reader.Remaining > 0)
        {
            certificates.Add(reader.ReadVector().ToArray());
        }

        return certificates;
    }

    public void Write(MlsWriter writer)
    {
        writer.WriteUInt16(Type);
        writer.WriteVector(Content);
    }
}
