using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Messaging;

/// <summary>A Welcome that came and was not taken yet.</summary>
/// <param name="Pulse">The group, as the relay says.</param>
/// <param name="Sender">Who sent it, as the relay says.</param>
/// <param name="ArrivedAt">When it came here.</param>
/// <param name="Content">As <see cref="PulsePackage"/> wrote it.</param>
internal sealed record WelcomeRecord(PulseId Pulse, DeviceAddress Sender, DateTimeOffset ArrivedAt, byte[] Content)
{
    /// <summary>The most that wait; beyond, the oldest goes that has waited in vain for what it needs, and where none has, what comes is passed
    /// over and told.</summary>
    public const int Max = 256;

    /// <summary>How long a Welcome waits for what it needs of the relay.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromHours(24);

    private const byte Version = 1;

    public byte[] Encode() => new RecordWriter()
        .Byte(Version).Bytes(Pulse.ToArray()).Address(Sender).Time(ArrivedAt).Field(Content).ToArray();

    public static WelcomeRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        var record = new WelcomeRecord(
            new PulseId(reader.ReadBytes(PulseId.Size)),
            DeviceCertificate.ReadAddress(ref reader),
            ContentReading.Milliseconds(ref reader),
            reader.ReadField());
        reader.ExpectEnd();
        return record;
    }
}
