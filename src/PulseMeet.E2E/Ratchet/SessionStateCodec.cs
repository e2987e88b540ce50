using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <summary>The serialised form of a session; docs/protocol.md, "Stored session".</summary>
internal static class SessionStateCodec
{
    private const byte Version = 2;

    public static byte[] Write(SessionState state)
    {
        ReadOnlySpan<byte> peer = state.Peer.Encoded;
        ReadOnlySpan<byte> pending = state.Pending;
        byte[] encoded = new byte[
            1 + 2 + peer.Length + 32 + 1 + 1 + 8 + 2 + pending.Length + RatchetStateCodec.GetSize(state.Ratchet)];
        var writer = new SpanWriter(encoded);
        writer.WriteByte(Version);
        writer.WriteField16(peer);
        writer.WriteBytes(state.HandshakeHash);
        writer.WriteBoolean(state.Handshake.UsedOneTimePreKey);
        writer.WriteBoolean(state.Handshake.UsedOneTimePostQuantumPreKey);
        writer.WriteInt64(state.EstablishedAt.ToUnixTimeSeconds());
        writer.WriteField16(pending);
        RatchetStateCodec.Write(ref writer, state.Ratchet);
        writer.ExpectFull();
        return encoded;
    }

    public static SessionState Read(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        reader.ExpectVersion(Version);
        DeviceCertificate peer = DeviceCertificate.DecodeStored(reader.ReadField16());
        byte[] handshakeHash = reader.ReadBytes(Sha256.Size).ToArray();
        var handshake = new HandshakeInfo(reader.ReadBoolean(), reader.ReadBoolean());
        DateTimeOffset establishedAt = UnixTime.Read(ref reader);
        ReadOnlySpan<byte> pending = reader.ReadField16();
        if (pending.Length > HandshakeHeader.MaxSize)
        {
            throw new E2EException(E2EError.LimitExceeded, "The pending handshake is longer than its bound.");
        }

        RatchetState ratchet = RatchetStateCodec.Read(ref reader);
        try
        {
            reader.ExpectEnd();
        }
        catch
        {
            ratchet.Dispose();
            throw;
        }

        return new SessionState(ratchet, peer, handshakeHash, handshake, establishedAt)
        {
            Pending = pending.IsEmpty ? null : pending.ToArray(),
        };
    }
}
