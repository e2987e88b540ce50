using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>A message of one's own in a pulse chat, kept for <see cref="SentRecord.MaxAge"/>: to be sealed once that is possible, and said
/// again to members who miss it.</summary>
/// <param name="Draft">What it says.</param>
/// <param name="PendingSequence">Where it waits to be sealed; 0 where it is.</param>
/// <remarks>Lies sealed at rest; docs/threat-model.md names it. Immutable.</remarks>
internal sealed record PulseSentRecord(Draft Draft, long PendingSequence)
{
    private const byte Version = 1;

    public byte[] Encode() => new RecordWriter()
        .Byte(Version)
        .Field(Draft.Stream.Encode())
        .UInt64(Draft.Number)
        .Time(Draft.Time)
        .UInt16(Draft.Type)
        .Field(Draft.Body.Span)
        .Int64(PendingSequence)
        .ToArray();

    public static PulseSentRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        var streamReader = new SpanReader(reader.ReadField());
        StreamName stream = StreamName.Read(ref streamReader);
        ulong number = reader.ReadUInt64();
        DateTimeOffset time = ContentReading.Milliseconds(ref reader);
        ushort type = reader.ReadUInt16();
        var record = new PulseSentRecord(new Draft(stream, number, time, type, reader.ReadField()), reader.ReadInt64());
        reader.ExpectEnd();
        return record;
    }
}
