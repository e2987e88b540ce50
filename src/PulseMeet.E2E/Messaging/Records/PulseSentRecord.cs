using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>A message of one's own in a pulse chat, kept for <see cref="SentRecord.MaxAge"/>: to be sealed once that is possible, and said
/// again to members who miss it.</summary>
/// <param name="Draft">What it says.</param>
/// <param name="PendingSequence">Where it waits to be sealed; 0 where it is.</param>
/// <remarks>Lies sealed at rest; docs/threat-model.md names it. Immutable.</remarks>
internal sealed record PulseSentRecord(Draft Draft, long PendingSequence)
{
    private const byte Version = 2;

    /// <summary>Of before: it counted from when it was written.</summary>
    private const byte VersionWithoutTime = 1;

    /// <summary>From when it is kept: when it was sealed, or written while it waits for that.</summary>
    public DateTimeOffset SentAt { get; init; } = Draft.Time;

    public byte[] Encode() => Draft.Write(new RecordWriter().Byte(Version)).Int64(PendingSequence).Time(SentAt).ToArray();

    public static PulseSentRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        byte version = reader.ReadByte();
        if (version is not (Version or VersionWithoutTime))
        {
            throw new E2EException(E2EError.UnsupportedVersion);
        }

        var draft = Draft.Read(ref reader);
        long pending = reader.ReadInt64();
        DateTimeOffset sentAt = version == Version ? ContentReading.Milliseconds(ref reader) : draft.Time;
        reader.ExpectEnd();
        return new PulseSentRecord(draft, pending) { SentAt = sentAt };
    }
}
