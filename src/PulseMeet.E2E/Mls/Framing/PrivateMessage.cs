namespace PulseMeet.E2E.Mls;

/// <summary>PrivateMessage (RFC 9420, section 6.3): signed and encrypted, its sender too.</summary>
internal sealed class PrivateMessage : IMlsStruct<PrivateMessage>
{
    public required byte[] GroupId { get; init; }

    public required ulong Epoch { get; init; }

    public required ContentType Type { get; init; }

    public required byte[] AuthenticatedData { get; init; }

    public required byte[] EncryptedSenderData { get; init; }

    public required byte[] Ciphertext { get; init; }

    public static PrivateMessage Read(ref MlsReader reader)
    {
        byte[] groupId = reader.ReadVector().ToArray();
        ulong epoch = reader.ReadUInt64();
        var type = (ContentType)reader.ReadByte();
        if (type is < ContentType.Application or > ContentType.Commit)
        {
            throw new E2EException(E2EError.InvalidEncoding, "The content is of an unknown type.");
        }

        return new PrivateMessage
        {
            GroupId = groupId,
            Epoch = epoch,
            Type = type,
            AuthenticatedData = reader.ReadVector().ToArray(),
            EncryptedSenderData = reader.ReadVector().ToArray(),
            Ciphertext = reader.ReadVector().ToArray(),
        };
    }

    public void Write(MlsWriter writer)
    {
        WriteSenderDataAad(writer, GroupId, Epoch, Type);
        writer.WriteVector(AuthenticatedData);
        writer.WriteVector(EncryptedSenderData);
        writer.WriteVector(Ciphertext);
    }

    /// <summary>SenderDataAAD (section 6.3.2): the first three fields.</summary>
    public static void WriteSenderDataAad(MlsWriter writer, ReadOnlySpan<byte> groupId, ulong epoch, ContentType type)
    {
        writer.WriteVector(groupId);
        writer.WriteUInt64(epoch);
        writer.WriteByte((byte)type);
    }
}
