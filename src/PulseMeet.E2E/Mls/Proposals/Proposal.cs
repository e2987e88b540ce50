namespace PulseMeet.E2E.Mls;

/// <summary>Proposal (RFC 9420, section 12.1): one change of the group that a commit makes.</summary>
internal abstract class Proposal : IMlsStruct<Proposal>
{
    public abstract ushort Type { get; }

    public static Proposal Read(ref MlsReader reader)
    {
        ushort type = reader.ReadUInt16();
        return type switch
        {
            ProposalType.Add => new AddProposal(KeyPackage.Read(ref reader)),
            ProposalType.Update => new UpdateProposal(LeafNode.Read(ref reader)),
            ProposalType.Remove => new RemoveProposal(reader.ReadUInt32()),
            ProposalType.PreSharedKey => new PreSharedKeyProposal(PreSharedKeyId.Read(ref reader)),
            ProposalType.ReInit => ReInitProposal.ReadBody(ref reader),
            ProposalType.ExternalInit => new ExternalInitProposal(reader.ReadVector().ToArray()),
            ProposalType.GroupContextExtensions => new GroupContextExtensionsProposal(reader.ReadExtensions()),
            >= ProposalType.FirstPrivate => new PrivateProposal(type, reader.ReadVector().ToArray()),

            // Its length is not known, so that nothing behind it can be read.
            _ => throw new E2EException(E2EError.MlsUnsupported, "The proposal's type is not known."),
        };
    }

    public void Write(MlsWriter writer)
    {
        writer.WriteUInt16(Type);
        WriteBody(writer);
    }

    public abstract void WriteBody(MlsWriter writer);
}

/// <summary>Section 12.1.1.</summary>
internal sealed class AddProposal(KeyPackage keyPackage) : Proposal
{
    public override ushort Type => ProposalType.Add;

    public KeyPackage KeyPackage { get; } = keyPackage;

    public override void WriteBody(MlsWriter writer) => KeyPackage.Write(writer);
}

/// <summary>Section 12.1.2.</summary>
internal sealed class UpdateProposal(LeafNode leaf) : Proposal
{
    public override ushort Type => ProposalType.Update;

    public LeafNode Leaf { get; } = leaf;

    public override void WriteBody(MlsWriter writer) => Leaf.Write(writer);
}

/// <summary>Section 12.1.3.</summary>
internal sealed class RemoveProposal(uint removed) : Proposal
{
    public override ushort Type => ProposalType.Remove;

    /// <summary>The index of the leaf.</summary>
    public uint Removed { get; } = removed;

    public override void WriteBody(MlsWriter writer) => writer.WriteUInt32(Removed);
}

/// <summary>Section 12.1.4.</summary>
internal sealed class PreSharedKeyProposal(PreSharedKeyId id) : Proposal
{
    public override ushort Type => ProposalType.PreSharedKey;

    public PreSharedKeyId Id { get; } = id;

    public override void WriteBody(MlsWriter writer) => Id.Write(writer);
}

/// <summary>Section 12.1.5.</summary>
internal sealed class ReInitProposal(byte[] groupId, ushort version, ushort suite, Extension[] extensions) : Proposal
{
    public override ushort Type => ProposalType.ReInit;

    public byte[] GroupId { get; } = groupId;

    public ushort Version { get; } = version;

    public ushort Suite { get; } = suite;

    public IReadOnlyList<Extension> Extensions => extensions;

    public static ReInitProposal ReadBody(ref MlsReader reader) =>
        new(reader.ReadVector().ToArray(), reader.ReadUInt16(), reader.ReadUInt16(), reader.ReadExtensions());

    public override void WriteBody(MlsWriter writer)
    {
        writer.WriteVector(GroupId);
        writer.WriteUInt16(Version);
        writer.WriteUInt16(Suite);
        writer.WriteAll(extensions);
    }
}

/// <summary>Section 12.1.6.</summary>
internal sealed class ExternalInitProposal(byte[] kemOutput) : Proposal
{
    public override ushort Type => ProposalType.ExternalInit;

    public byte[] KemOutput { get; } = kemOutput;

    public override void WriteBody(MlsWriter writer) => writer.WriteVector(KemOutput);
}

/// <summary>Section 12.1.7.</summary>
internal sealed class GroupContextExtensionsProposal(Extension[] extensions) : Proposal
{
    public override ushort Type => ProposalType.GroupContextExtensions;

    public IReadOnlyList<Extension> Extensions => extensions;

    public override void WriteBody(MlsWriter writer) => writer.WriteAll(extensions);
}

/// <summary>A proposal of private use (section 13.2): one vector that the application's policy judges and applies.</summary>
internal sealed class PrivateProposal(ushort type, byte[] data) : Proposal
{
    public override ushort Type => type;

    public byte[] Data { get; } = data;

    public override void WriteBody(MlsWriter writer) => writer.WriteVector(Data);
}
