namespace PulseMeet.E2E.Mls;

/// <summary>ContentType (RFC 9420, section 6).</summary>
internal enum ContentType : byte
{
    Application = 1,
    Proposal = 2,
    Commit = 3,
}

/// <summary>FramedContent (RFC 9420, section 6): a message, whom it says it is from, and for which epoch.</summary>
internal sealed class FramedContent : IMlsStruct<FramedContent>
{
    public required byte[] GroupId { get; init; }

    public required ulong Epoch { get; init; }

    public required Sender Sender { get; init; }

    public required byte[] AuthenticatedData { get; init; }

    public byte[]? ApplicationData { get; init; }

    public Proposal? Proposal { get; init; }

    public Commit? Commit { get; init; }

    public ContentType Type =>
        Commit is not null ? ContentType.Commit : Proposal is not null ? ContentType.Proposal : ContentType.Application;

    public static FramedContent Read(ref MlsReader reader)
    {
        byte[] groupId = reader.ReadVector().ToArray();
        ulong epoch = reader.ReadUInt64();
        var sender = Sender.Read(ref reader);
        byte[] authenticatedData = reader.ReadVector().ToArray();
        var type = (ContentType)reader.ReadByte();
        return ReadBody(ref reader, type, groupId, epoch, sender, authenticatedData);
    }

    /// <summary>The part that the content type selects.</summary>
    public static FramedContent ReadBody(
        ref MlsReader reader, ContentType type, byte[] groupId, ulong epoch, Sender sender, byte[] authenticatedData) => new()
        {
            GroupId = groupId,
            Epoch = epoch,
            Sender = sender,
            AuthenticatedData = authenticatedData,
            ApplicationData = type == ContentType.Application ? reader.ReadVector().ToArray() : null,
            Proposal = type == ContentType.Proposal ? Proposal.Read(ref reader) : null,
            Commit = type == ContentType.Commit ? Commit.Read(ref reader)
                : type is ContentType.Application or ContentType.Proposal ? null
                : throw new E2EException(E2EError.InvalidEncoding, "The content is of an unknown type."),
        };

    public void Write(MlsWriter writer)
    {
        writer.WriteVector(GroupId);
        writer.WriteUInt64(Epoch);
        Sender.Write(writer);
        writer.WriteVector(AuthenticatedData);
        writer.WriteByte((byte)Type);
        WriteBody(writer);
    }

    public void WriteBody(MlsWriter writer)
    {
        if (Commit is not null)
        {
            Commit.Write(writer);
        }
        else if (Proposal is not null)
        {
            Proposal.Write(writer);
        }
        else
        {
            writer.WriteVector(ApplicationData);
        }
    }
}
