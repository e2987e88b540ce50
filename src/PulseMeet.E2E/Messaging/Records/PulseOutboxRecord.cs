using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <summary>A sealed message of a group, or a request to leave it, that waits until the relay has taken it.</summary>
/// <param name="Epoch">The epoch that it is sealed in.</param>
/// <param name="Id">The same for every attempt.</param>
/// <param name="Content">The MLSMessage.</param>
/// <param name="SentKey">Its key in <see cref="RecordKey.PulseSent"/>; empty for a request to leave.</param>
internal sealed record PulseOutboxRecord(ulong Epoch, MessageId Id, byte[] Content, byte[] SentKey)
{
    private const byte Version = 1;

    public GroupMessage ToMessage(PulseId pulse) => new(pulse.ToArray(), Epoch, Id.ToArray(), Content);

    public byte[] Encode() => new RecordWriter().Byte(Version).UInt64(Epoch).Id(Id).Field(Content).Field(SentKey).ToArray();

    public static PulseOutboxRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        var record = new PulseOutboxRecord(reader.ReadUInt64(), reader.ReadId(), reader.ReadField(), reader.ReadField());
        reader.ExpectEnd();
        return record;
    }
}
