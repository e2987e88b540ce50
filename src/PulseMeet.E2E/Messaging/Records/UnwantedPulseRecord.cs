using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>A chat into which somebody has added this device whom the app had blocked: what others say there is not told while he is.</summary>
/// <param name="At">When that was.</param>
/// <param name="Inviter">The user id of whoever did.</param>
internal sealed record UnwantedPulseRecord(DateTimeOffset At, string Inviter)
{
    /// <summary>The most that are remembered; beyond, the oldest goes.</summary>
    public const int Max = 256;

    private const byte Version = 1;

    public byte[] Encode() => new RecordWriter().Byte(Version).Time(At).Text(Inviter).ToArray();

    public static UnwantedPulseRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        var record = new UnwantedPulseRecord(ContentReading.Milliseconds(ref reader), reader.ReadText16());
        reader.ExpectEnd();
        return record;
    }
}
