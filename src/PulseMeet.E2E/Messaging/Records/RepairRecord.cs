using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>What a device is to be told and asked: in a new session, where what it sent did not open.</summary>
/// <param name="IsNewSession">Whether a session is to be begun for it.</param>
/// <param name="Envelopes">The envelopes that did not open: at most <see cref="ResendNames.MaxEnvelopes"/>.</param>
internal sealed record RepairRecord(bool IsNewSession, IReadOnlyList<MessageId> Envelopes)
{
    private const byte Version = 1;

    public byte[] Encode()
    {
        RecordWriter writer = new RecordWriter().Byte(Version).Flag(IsNewSession).UInt16(Envelopes.Count);
        foreach (MessageId envelope in Envelopes)
        {
            writer.Id(envelope);
        }

        return writer.ToArray();
    }

    public static RepairRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        bool isNewSession = reader.ReadBoolean();
        var envelopes = new List<MessageId>();
        for (int left = reader.ReadUInt16(); left > 0; left--)
        {
            envelopes.Add(reader.ReadId());
        }

        reader.ExpectEnd();
        return new RepairRecord(isNewSession, envelopes);
    }
}
