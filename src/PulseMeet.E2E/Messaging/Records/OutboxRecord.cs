using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <summary>A sealed envelope that waits until the relay has taken it.</summary>
internal sealed record OutboxRecord(DeviceAddress Recipient, MessageId Envelope, byte[] Content)
{
    private const byte Version = 1;

    public OutgoingEnvelope ToEnvelope() => new(Recipient, Envelope.ToArray(), Content);

    public byte[] Encode() => new RecordWriter().Byte(Version).Address(Recipient).Id(Envelope).Field(Content).ToArray();

    public static OutboxRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        var record = new OutboxRecord(DeviceCertificate.ReadAddress(ref reader), reader.ReadId(), reader.ReadField());
        reader.ExpectEnd();
        return record;
    }
}
