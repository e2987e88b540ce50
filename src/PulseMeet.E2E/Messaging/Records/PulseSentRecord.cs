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

    public byte[] Encode() => Draft.Write(new RecordWriter().Byte(Version)).Int64(PendingSequence).ToArray();

    public static PulseSentRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        var record = new PulseSentRecord(Draft.Read(ref reader), reader.ReadInt64());
        reader.ExpectEnd();
        return record;
    }
}
