using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>What a content says, before it is known for whom it is sealed.</summary>
/// <param name="Stream">This device, its stream and the conversation.</param>
/// <param name="Number">Its number; 0 where it has none.</param>
/// <param name="Time">When it was written.</param>
/// <param name="Type">One of <see cref="ContentType"/>.</param>
/// <param name="Body">As the type says.</param>
internal sealed record Draft(StreamName Stream, ulong Number, DateTimeOffset Time, ushort Type, ReadOnlyMemory<byte> Body)
{
    public static Draft Read(ref SpanReader reader)
    {
        var streamReader = new SpanReader(reader.ReadField());
        StreamName stream = StreamName.Read(ref streamReader);
        ulong number = reader.ReadUInt64();
        DateTimeOffset time = ContentReading.Milliseconds(ref reader);
        ushort type = reader.ReadUInt16();
        return new Draft(stream, number, time, type, reader.ReadField());
    }

    /// <summary>Writes the draft into a record that keeps it.</summary>
    public RecordWriter Write(RecordWriter writer) => writer
        .Field(Stream.Encode())
        .UInt64(Number)
        .Time(Time)
        .UInt16(Type)
        .Field(Body.Span);
}
