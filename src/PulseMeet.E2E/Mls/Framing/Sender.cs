namespace PulseMeet.E2E.Mls;

/// <summary>SenderType (RFC 9420, section 6).</summary>
internal enum SenderType : byte
{
    Member = 1,
    External = 2,
    NewMemberProposal = 3,
    NewMemberCommit = 4,
}

/// <summary>Sender (RFC 9420, section 6).</summary>
/// <param name="Type">Where the sender stands.</param>
/// <param name="Index">The leaf of a member, the entry of an external sender, else 0.</param>
internal readonly record struct Sender(SenderType Type, uint Index) : IMlsStruct<Sender>
{
    public static Sender Member(uint leaf) => new(SenderType.Member, leaf);

    public static Sender Read(ref MlsReader reader)
    {
        var type = (SenderType)reader.ReadByte();
        return type switch
        {
            SenderType.Member or SenderType.External => new Sender(type, reader.ReadUInt32()),
            SenderType.NewMemberProposal or SenderType.NewMemberCommit => new Sender(type, 0),
            _ => throw new E2EException(E2EError.InvalidEncoding, "The sender is of an unknown type."),
        };
    }

    public void Write(MlsWriter writer)
    {
        writer.WriteByte((byte)Type);
        if (Type is SenderType.Member or SenderType.External)
        {
            writer.WriteUInt32(Index);
        }
    }
}
