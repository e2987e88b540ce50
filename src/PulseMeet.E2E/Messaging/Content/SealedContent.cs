using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>What is sealed: a message, or what devices tell each other, with all that must not be taken from the relay.</summary>
/// <param name="Stream">The sending device, its stream and the conversation.</param>
/// <param name="Number">The message's number in its stream, from 1; 0 for what is not numbered.</param>
/// <param name="Highest">The highest number that the stream has given: a lost tail shows by it.</param>
/// <param name="Time">When it was written, on the sender's clock, in whole milliseconds.</param>
/// <param name="SenderList">The sender's newest device list.</param>
/// <param name="RecipientList">The recipient's device list that the sender went by.</param>
/// <param name="Generation">The generation of the session that it is sealed on.</param>
/// <param name="Type">One of <see cref="ContentType"/>, or of the future.</param>
/// <param name="Body">At most <see cref="MaxBodySize"/> bytes, as the type says.</param>
/// <remarks>docs/protocol-messaging.md, "Content". Immutable.</remarks>
internal sealed record SealedContent(
    StreamName Stream,
    ulong Number,
    ulong Highest,
    DateTimeOffset Time,
    ListView SenderList,
    ListView RecipientList,
    ulong Generation,
    ushort Type,
    ReadOnlyMemory<byte> Body)
{
    /// <summary>The longest body, in bytes: 192 KiB, so that a padded and sealed content fits an envelope.</summary>
    public const int MaxBodySize = 192 * 1024;

    private const byte Version = 1;

    private const int MaxFixedSize = 1 + 2 + ContentReading.MaxAddressSize + MessageId.Size + ConversationName.MaxSize
        + 8 + 8 + 8 + (2 * ListView.Size) + 8 + 4;

    /// <summary>The id of a numbered content.</summary>
    public MessageId Id => MessageId.Of(Stream, Number);

    public byte[] Encode()
    {
        byte[] buffer = new byte[MaxFixedSize + Body.Length];
        var writer = new SpanWriter(buffer);
        writer.WriteByte(Version);
        writer.WriteUInt16(Type);
        Stream.Write(ref writer);
        writer.WriteUInt64(Number);
        writer.WriteUInt64(Highest);
        writer.WriteInt64(Time.ToUnixTimeMilliseconds());
        SenderList.Write(ref writer);
        RecipientList.Write(ref writer);
        writer.WriteUInt64(Generation);
        writer.WriteField32(Body.Span);
        return buffer[..writer.Written];
    }

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>,
    /// <see cref="E2EError.LimitExceeded"/>) or of another version (<see cref="E2EError.UnsupportedVersion"/>).</exception>
    public static SealedContent Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        reader.ExpectVersion(Version);
        ushort type = reader.ReadUInt16();
        var stream = StreamName.Read(ref reader);
        ulong number = reader.ReadUInt64();
        ulong highest = reader.ReadUInt64();
        DateTimeOffset time = ContentReading.Milliseconds(ref reader);
        var content = new SealedContent(
            stream,
            number,
            highest,
            time,
            ListView.Read(ref reader),
            ListView.Read(ref reader),
            reader.ReadUInt64(),
            type,
            reader.ReadField32(MaxBodySize).ToArray());
        reader.ExpectEnd();

        // A number above the highest contradicts itself; numbers are for what apps say, and all of that has one.
        if (number > highest || highest == ulong.MaxValue || ContentType.IsInternal(type) != (number == 0))
        {
            throw new E2EException(E2EError.InvalidEncoding, "The number does not fit the type or the highest one.");
        }

        return content;
    }
}
