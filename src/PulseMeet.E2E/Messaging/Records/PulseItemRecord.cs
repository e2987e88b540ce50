using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Messaging;

/// <summary>A message of a group that came before its epoch had begun here.</summary>
/// <param name="Sender">Who sent it, as the relay says.</param>
/// <param name="Content">The MLSMessage.</param>
internal sealed record PulseItemRecord(DeviceAddress Sender, byte[] Content)
{
    /// <summary>The most that wait for one group; beyond, the oldest goes.</summary>
    public const int MaxPerPulse = 1000;

    /// <summary>The most that wait in all where this device is not in the group yet; beyond, the oldest of that group goes, or the new one.</summary>
    public const int MaxInAll = 2000;

    private const byte Version = 1;

    public byte[] Encode() => new RecordWriter().Byte(Version).Address(Sender).Field(Content).ToArray();

    public static PulseItemRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        var record = new PulseItemRecord(DeviceCertificate.ReadAddress(ref reader), reader.ReadField());
        reader.ExpectEnd();
        return record;
    }
}
