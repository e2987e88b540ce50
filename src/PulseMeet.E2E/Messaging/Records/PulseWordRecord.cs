using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Messaging;

/// <summary>What a device said about a pulse chat inside its session: opened and durable, and not looked at yet.</summary>
/// <param name="Device">The session's peer.</param>
/// <param name="AccountKey">Its account key then: 32 bytes.</param>
/// <param name="Content">The encoded content.</param>
internal sealed record PulseWordRecord(DeviceAddress Device, byte[] AccountKey, byte[] Content)
{
    private const byte Version = 1;

    public byte[] Encode() => new RecordWriter().Byte(Version).Address(Device).Field(AccountKey).Field(Content).ToArray();

    public static PulseWordRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        var record = new PulseWordRecord(DeviceCertificate.ReadAddress(ref reader), reader.ReadField(), reader.ReadField());
        reader.ExpectEnd();
        return record;
    }
}

/// <summary>What is to be said to a device about a pulse chat, inside a session that may have to be begun.</summary>
/// <param name="Device">The device.</param>
/// <param name="AccountKey">The account key that it has in the chat: 32 bytes. Nobody else is told.</param>
/// <param name="Pulse">The chat.</param>
/// <param name="Type">One of <see cref="ContentType"/>.</param>
/// <param name="Body">As the type says.</param>
internal sealed record PulseSayRecord(DeviceAddress Device, byte[] AccountKey, PulseId Pulse, ushort Type, byte[] Body)
{
    private const byte Version = 1;

    /// <summary>One of a kind waits for a device; of requests one for each stream.</summary>
    public byte[] Key => Primitives.Sha256.Hash(new RecordWriter().Address(Device).Bytes(Pulse.ToArray()).UInt16(Type)
        .Bytes(Type == ContentType.ResendRequest ? Body.AsSpan(0, MessageId.Size) : []).ToArray());

    public byte[] Encode() => new RecordWriter()
        .Byte(Version).Address(Device).Field(AccountKey).Bytes(Pulse.ToArray()).UInt16(Type).Field(Body).ToArray();

    public static PulseSayRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        var record = new PulseSayRecord(
            DeviceCertificate.ReadAddress(ref reader),
            reader.ReadField(),
            new PulseId(reader.ReadBytes(PulseId.Size)),
            reader.ReadUInt16(),
            reader.ReadField());
        reader.ExpectEnd();
        return record;
    }
}
