using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <summary>The layout of a message: version, type, nonce, sealed header, sealed body.</summary>
/// <remarks>docs/protocol.md, "Ratchet message". The nonce is random and serves header and body, which are under different
/// keys; it is also the salt of the body's cipher key.</remarks>
internal static class RatchetMessage
{
    public const byte Version = 1;

    /// <summary>A message of a session that the peer has.</summary>
    public const byte Regular = 1;

    /// <summary>A message with the handshake in front: the peer may not have the session yet.</summary>
    public const byte First = 2;

    /// <summary>Version and type, in bytes.</summary>
    public const int PrefixSize = 2;

    public const int NonceAt = PrefixSize;

    public const int HeaderAt = NonceAt + AesGcm256.NonceSize;

    /// <summary>What stands before the sealed body, in bytes: 70.</summary>
    public const int BodyAt = HeaderAt + RatchetHeader.SealedSize;

    public static ReadOnlySpan<byte> BodyLabel => "PulseMeet-E2E v1 ratchet message"u8;

    /// <summary>Reads version and type.</summary>
    /// <exception cref="E2EException">Too short or of an unknown type (<see cref="E2EError.InvalidEncoding"/>), or of another
    /// version (<see cref="E2EError.UnsupportedVersion"/>).</exception>
    public static byte ReadType(ReadOnlySpan<byte> message)
    {
        var reader = new Encoding.SpanReader(message);
        reader.ExpectVersion(Version);
        byte type = reader.ReadByte();
        return type is Regular or First ? type : throw new E2EException(E2EError.InvalidEncoding, "Unknown message type.");
    }
}
