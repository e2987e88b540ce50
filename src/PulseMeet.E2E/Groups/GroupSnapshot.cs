using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Groups;

/// <summary>What a joiner fetches once, by its hash: the ratchet tree and the device lists of an epoch.</summary>
/// <remarks>docs/protocol-groups.md, "Snapshot". Nothing in it is believed by itself: the tree has the hash of the group context, the
/// lists the hash in its extension.</remarks>
internal sealed record GroupSnapshot(DeviceListBook Lists, byte[] Tree)
{
    private const byte Version = 1;

    public byte[] Encode()
    {
        using var writer = new MlsWriter(Tree.Length + 1024);
        writer.WriteByte(Version);
        Lists.Write(writer);
        writer.WriteVector(Tree);
        return writer.ToArray();
    }

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), too long
    /// (<see cref="E2EError.LimitExceeded"/>), of another version (<see cref="E2EError.UnsupportedVersion"/>), or a list is refused
    /// (<see cref="E2EError.GroupDeviceListRefused"/>).</exception>
    public static GroupSnapshot Decode(ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length > GroupLimits.MaxSnapshotSize)
        {
            throw new E2EException(E2EError.LimitExceeded, "The snapshot is too long.");
        }

        var reader = new MlsReader(encoded);
        if (reader.ReadByte() != Version)
        {
            throw new E2EException(E2EError.UnsupportedVersion);
        }

        DeviceListBook lists = DeviceListBook.Read(ref reader);
        byte[] tree = reader.ReadVector().ToArray();
        reader.ExpectEnd();
        return new GroupSnapshot(lists, tree);
    }
}
