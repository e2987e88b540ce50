using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>Names messages to be sent again, or that will not come again: by their numbers in a stream of the one who is
/// asked, and by the ids of envelopes that did not open.</summary>
/// <param name="StreamId">The stream that the ranges count in; the conversation is the content's.</param>
/// <param name="Ranges">At most <see cref="MaxRanges"/>, in order.</param>
/// <param name="Envelopes">At most <see cref="MaxEnvelopes"/> ids.</param>
/// <remarks>docs/protocol-messaging.md, "Resending".</remarks>
internal sealed record ResendNames(MessageId StreamId, IReadOnlyList<NumberRange> Ranges, IReadOnlyList<MessageId> Envelopes)
{
    public const int MaxRanges = IncomingStream.MaxRanges;
    public const int MaxEnvelopes = 256;

    public byte[] Encode()
    {
        byte[] body = new byte[MessageId.Size + RangeSet.GetSize(Ranges) + 2 + (Envelopes.Count * MessageId.Size)];
        var writer = new SpanWriter(body);
        writer.WriteBytes(StreamId.ToArray());
        RangeSet.Write(ref writer, Ranges);
        writer.WriteUInt16(checked((ushort)Envelopes.Count));
        foreach (MessageId envelope in Envelopes)
        {
            writer.WriteBytes(envelope.ToArray());
        }

        writer.ExpectFull();
        return body;
    }

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>) or too many
    /// (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static ResendNames Decode(ReadOnlySpan<byte> body)
    {
        var reader = new SpanReader(body);
        var streamId = new MessageId(reader.ReadBytes(MessageId.Size));
        List<NumberRange> ranges = RangeSet.Read(ref reader, MaxRanges);
        int count = reader.ReadUInt16();
        if (count > MaxEnvelopes)
        {
            throw new E2EException(E2EError.LimitExceeded, "Too many envelopes.");
        }

        var envelopes = new List<MessageId>();
        for (int i = 0; i < count; i++)
        {
            envelopes.Add(new MessageId(reader.ReadBytes(MessageId.Size)));
        }

        reader.ExpectEnd();
        return new ResendNames(streamId, ranges, envelopes);
    }
}
