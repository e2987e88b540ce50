using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Handshake;

namespace PulseMeet.E2E.Ratchet;

/// <summary>A message with the handshake in front of the ratchet message (PQXDH, section 3.3).</summary>
internal readonly ref struct FirstMessage
{
    private FirstMessage(HandshakeHeader header, ReadOnlySpan<byte> inner)
    {
        Header = header;
        Inner = inner;
    }

    public HandshakeHeader Header { get; }

    /// <summary>The ratchet message, with a version and type of its own.</summary>
    public ReadOnlySpan<byte> Inner { get; }

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), of another version
    /// (<see cref="E2EError.UnsupportedVersion"/>), or with a bad key (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static FirstMessage Read(ReadOnlySpan<byte> message)
    {
        if (RatchetMessage.ReadType(message) != RatchetMessage.First)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Not a first message.");
        }

        var reader = new SpanReader(message[RatchetMessage.PrefixSize..]);
        var header = HandshakeHeader.Read(ref reader);
        ReadOnlySpan<byte> inner = reader.ReadRest();
        if (RatchetMessage.ReadType(inner) != RatchetMessage.Regular)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A first message within a first message.");
        }

        return new(header, inner);
    }
}
