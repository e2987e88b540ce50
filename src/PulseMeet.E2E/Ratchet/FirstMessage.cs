using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Primitives;

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

    /// <summary>Writes all that stands before the ratchet message.</summary>
    /// <returns>The rest of the destination, for the ratchet message.</returns>
    public static Span<byte> Write(ReadOnlySpan<byte> header, Span<byte> destination)
    {
        destination[0] = RatchetMessage.Version;
        destination[1] = RatchetMessage.First;
        header.CopyTo(destination[RatchetMessage.PrefixSize..]);
        return destination[(RatchetMessage.PrefixSize + header.Length)..];
    }

    /// <summary>What the ratchet message is bound to: the hash of the whole header, the certificate's validity and signature included,
    /// and behind it the app's own data.</summary>
    public static byte[] Bind(ReadOnlySpan<byte> header, ReadOnlySpan<byte> associatedData)
    {
        byte[] bound = new byte[Sha256.Size + associatedData.Length];
        Sha256.Hash(header, bound.AsSpan(0, Sha256.Size));
        associatedData.CopyTo(bound.AsSpan(Sha256.Size));
        return bound;
    }

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>,
    /// <see cref="E2EError.LimitExceeded"/>), or of another version (<see cref="E2EError.UnsupportedVersion"/>). No key is checked.</exception>
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
