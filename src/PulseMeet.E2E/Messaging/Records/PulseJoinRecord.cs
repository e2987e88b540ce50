using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>A join by itself that was made: stored before it is offered.</summary>
/// <param name="Offer">Under which id it goes up.</param>
/// <param name="State">The join with its secrets.</param>
internal sealed record PulseJoinRecord(MessageId Offer, byte[] State)
{
    private const byte Version = 1;

    /// <summary>For the store, with its secrets; the caller zeroes it.</summary>
    public byte[] Encode() => new RecordWriter().Byte(Version).Id(Offer).Field(State).ToArray();

    public static PulseJoinRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        var record = new PulseJoinRecord(reader.ReadId(), reader.ReadField());
        reader.ExpectEnd();
        return record;
    }
}
