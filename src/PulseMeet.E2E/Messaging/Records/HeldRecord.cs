using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Messaging;

/// <summary>What waits until the app has decided about its sender: an event of somebody who was not accepted yet, or an envelope
/// from under an account key that was not accepted yet.</summary>
/// <param name="Event">An encoded event; empty where an envelope waits.</param>
/// <param name="Sender">Who sent the envelope, as the relay says.</param>
/// <param name="EnvelopeId">The envelope's id.</param>
/// <param name="Envelope">The envelope; empty where an event waits.</param>
internal sealed record HeldRecord(byte[] Event, DeviceAddress Sender, MessageId EnvelopeId, byte[] Envelope)
{
    /// <summary>How much waits for one user; what comes beyond is dropped, and named to the sender as what did not arrive.</summary>
    public const int MaxPerUser = 200;

    /// <summary>How many bytes of it wait for one user who was not accepted; what comes beyond is missing, and asked for once he is.</summary>
    public const int MaxBytesPerStranger = 512 * 1024;

    private const byte Version = 1;

    public byte[] Encode() => new RecordWriter().Byte(Version).Field(Event).Address(Sender).Id(EnvelopeId).Field(Envelope).ToArray();

    public static HeldRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        var record = new HeldRecord(reader.ReadField(), DeviceCertificate.ReadAddress(ref reader), reader.ReadId(), reader.ReadField());
        reader.ExpectEnd();
        return record;
    }
}
