using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <summary>What goes up to the relay around the messages of MLS: a Welcome or a group info with the hash of the snapshot that belongs to
/// it, and key packages of one device, one for each suite.</summary>
/// <remarks>docs/protocol-groups.md, "Pulse chats in the client".</remarks>
internal static class PulsePackage
{
    /// <summary>The most key packages in one.</summary>
    public const int MaxKeyPackages = 8;

    private const byte Version = 1;

    /// <param name="snapshotHash">SHA-256 of the snapshot, 32 bytes.</param>
    /// <param name="message">An MLSMessage with a Welcome or a group info.</param>
    public static byte[] WithSnapshot(ReadOnlySpan<byte> snapshotHash, ReadOnlySpan<byte> message) => [Version, .. snapshotHash, .. message];

    /// <exception cref="E2EException">Too short (<see cref="E2EError.InvalidEncoding"/>), or of another version
    /// (<see cref="E2EError.UnsupportedVersion"/>).</exception>
    public static (byte[] SnapshotHash, byte[] Message) ReadWithSnapshot(ReadOnlySpan<byte> package)
    {
        var reader = new SpanReader(package);
        reader.ExpectVersion(Version);
        return (reader.ReadBytes(Sha256.Size).ToArray(), reader.ReadRest().ToArray());
    }

    public static byte[] OfKeyPackages(IReadOnlyList<byte[]> messages)
    {
        RecordWriter writer = new RecordWriter().Byte(Version).Byte((byte)messages.Count);
        foreach (byte[] message in messages)
        {
            writer.Field(message);
        }

        return writer.ToArray();
    }

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>, <see cref="E2EError.LimitExceeded"/>), or of
    /// another version (<see cref="E2EError.UnsupportedVersion"/>).</exception>
    public static List<byte[]> ReadKeyPackages(ReadOnlySpan<byte> package)
    {
        var reader = new SpanReader(package);
        reader.ExpectVersion(Version);
        int count = reader.ReadByte();
        if (count is 0 or > MaxKeyPackages)
        {
            throw new E2EException(E2EError.InvalidEncoding, "No key packages, or too many.");
        }

        var messages = new List<byte[]>();
        for (int i = 0; i < count; i++)
        {
            messages.Add(reader.ReadField32(RelayLimits.MaxEnvelopeSize).ToArray());
        }

        reader.ExpectEnd();
        return messages;
    }
}
