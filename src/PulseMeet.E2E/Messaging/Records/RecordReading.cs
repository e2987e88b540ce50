using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>The counterparts of <see cref="RecordWriter"/> that <see cref="SpanReader"/> has not.</summary>
internal static class RecordReading
{
    /// <summary>More than any field of a record has.</summary>
    private const int MaxField = 16 * 1024 * 1024;

    public static byte[] ReadField(this ref SpanReader reader) => reader.ReadField32(MaxField).ToArray();

    public static MessageId ReadId(this ref SpanReader reader) => new(reader.ReadBytes(MessageId.Size));

    public static List<string> ReadTexts(this ref SpanReader reader)
    {
        var texts = new List<string>();
        for (int left = reader.ReadUInt16(); left > 0; left--)
        {
            texts.Add(reader.ReadText16());
        }

        return texts;
    }
}
