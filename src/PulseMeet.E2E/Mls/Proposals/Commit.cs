namespace PulseMeet.E2E.Mls;

/// <summary>Commit (RFC 9420, section 12.4).</summary>
internal sealed class Commit(ProposalOrRef[] proposals, UpdatePath? path) : IMlsStruct<Commit>
{
    public IReadOnlyList<ProposalOrRef> Proposals => proposals;

    public UpdatePath? Path { get; } = path;

    public static Commit Read(ref MlsReader reader)
    {
        ProposalOrRef[] proposals = reader.ReadAll<ProposalOrRef>();
        return new Commit(proposals, reader.ReadPresence() ? UpdatePath.Read(ref reader) : null);
    }

    public void Write(MlsWriter writer)
    {
        writer.WriteAll(proposals);
        writer.WritePresence(Path is not null);
        Path?.Write(writer);
    }
}
