using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>What a member says inside a pairwise session of the line of a pulse chat that it is on.</summary>
/// <param name="IsAnswerWanted">Whether the other is to say the same of itself.</param>
/// <param name="Statement">A fork statement of docs/protocol-groups.md.</param>
internal sealed record PulseLine(bool IsAnswerWanted, byte[] Statement)
{
    public byte[] Encode() => [IsAnswerWanted ? (byte)1 : (byte)0, .. Statement];

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static PulseLine Decode(ReadOnlySpan<byte> body)
    {
        var reader = new SpanReader(body);
        return new PulseLine(reader.ReadBoolean(), reader.ReadRest().ToArray());
    }
}
