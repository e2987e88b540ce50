namespace PulseMeet.E2E.Mls;

/// <summary>GroupContext (RFC 9420, section 8.1): what all members agree on in an epoch.</summary>
/// <remarks>Immutable; keeps its encoding, which every signature covers.</remarks>
internal sealed class GroupContext : IMlsStruct<GroupContext>
{
    private byte[]? _encoded;

    public required ushort Suite { get; init; }

    public required byte[] GroupId { get; init; }

    public required ulong Epoch { get; init; }

    public required byte[] TreeHash { get; init; }

    public required byte[] ConfirmedTranscriptHash { get; init; }

    public required IReadOnlyList<Extension> Extensions { get; init; }

    public ReadOnlySpan<byte> Encoded => _encoded ??= this.Encode();

    public static GroupContext Read(ref MlsReader reader)
    {
        if (reader.ReadUInt16() != MlsNumbers.Mls10)
        {
            throw new E2EException(E2EError.MlsUnsupported, "The protocol version is not mls10.");
        }

        return new GroupContext
        {
            Suite = reader.ReadUInt16(),
            GroupId = reader.ReadVector().ToArray(),
            Epoch = reader.ReadUInt64(),
            TreeHash = reader.ReadVector().ToArray(),
            ConfirmedTranscriptHash = reader.ReadVector().ToArray(),
            Extensions = reader.ReadExtensions(),
        };
    }

    /// <summary>The provisional context of the next epoch (section 12.4.1): the old confirmed transcript hash.</summary>
    public GroupContext Next(byte[] treeHash, IReadOnlyList<Extension> extensions) => new()
    {
        Suite = Suite,
        GroupId = GroupId,
        Epoch = checked(Epoch + 1),
        TreeHash = treeHash,
        ConfirmedTranscriptHash = ConfirmedTranscriptHash,
        Extensions = extensions,
    };

    public GroupContext WithTranscript(byte[] confirmedTranscriptHash) => new()
    {
        Suite = Suite,
        GroupId = GroupId,
        Epoch = Epoch,
        TreeHash = TreeHash,
        ConfirmedTranscriptHash = confirmedTranscriptHash,
        Extensions = Extensions,
    };

    public void Write(MlsWriter writer)
    {
        writer.WriteUInt16(MlsNumbers.Mls10);
        writer.WriteUInt16(Suite);
        writer.WriteVector(GroupId);
        writer.WriteUInt64(Epoch);
        writer.WriteVector(TreeHash);
        writer.WriteVector(ConfirmedTranscriptHash);
        writer.WriteAll(Extensions);
    }
}
