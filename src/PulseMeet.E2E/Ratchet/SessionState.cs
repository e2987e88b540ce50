using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Ratchet;

/// <summary>What a session remembers beside its ratchet: who the peer is and how it began.</summary>
internal sealed class SessionState(
    RatchetState ratchet,
    DeviceCertificate peer,
    byte[] handshakeHash,
    HandshakeInfo handshake,
    DateTimeOffset establishedAt)
{
    public RatchetState Ratchet { get; } = ratchet;

    /// <summary>The newest certificate of the peer that was seen.</summary>
    public DeviceCertificate Peer { get; set; } = peer;

    /// <summary>Tells this session's handshake from every other; see <see cref="HandshakeHeader.HashOfHandshake"/>.</summary>
    public byte[] HandshakeHash { get; } = handshakeHash;

    public HandshakeInfo Handshake { get; } = handshake;

    public DateTimeOffset EstablishedAt { get; } = DateTimeOffset.FromUnixTimeSeconds(establishedAt.ToUnixTimeSeconds());

    /// <summary>The initiator's handshake header until the peer has answered; then null.</summary>
    public byte[]? Pending { get; set; }
}
