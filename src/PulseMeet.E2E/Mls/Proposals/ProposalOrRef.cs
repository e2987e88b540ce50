namespace PulseMeet.E2E.Mls;

/// <summary>ProposalOrRef (RFC 9420, section 12.4): a proposal by value, or the hash of the message it came in.</summary>
internal sealed class ProposalOrRef : IMlsStruct<ProposalOrRef>
{
    public ProposalOrRef(Proposal proposal) => Proposal = proposal;

    public ProposalOrRef(byte[] reference) => Reference = reference;

    public Proposal? Proposal { get; }

    public byte[]? Reference { get; }

    public static ProposalOrRef Read(ref MlsReader reader) => reader.ReadByte() switch
    {
        1 => new ProposalOrRef(Proposal.Read(ref reader)),
        2 => new ProposalOrRef(reader.ReadVector().ToArray()),
        _ => throw new E2EException(E2EError.InvalidEncoding, "A proposal is neither by value nor by reference."),
    };

    public void Write(MlsWriter writer)
    {
        if (Proposal is not null)
        {
            writer.WriteByte(1);
            Proposal.Write(writer);
        }
        else
        {
            writer.WriteByte(2);
            writer.WriteVector(Reference);
        }
    }
}
