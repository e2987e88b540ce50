using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Handshake;

/// <summary>What the handshake hands to the ratchet: the first root key and the first two header keys.</summary>
/// <remarks>Double Ratchet, section 4.3: SK, shared_hka and shared_nhkb. Owns 96 secret bytes.</remarks>
internal sealed class HandshakeSecrets(ReadOnlySpan<byte> transcript) : IDisposable
{
    private readonly SecretBytes _secrets = new(96);

    /// <summary>The hash of all that both sides saw: the session's associated data and its id.</summary>
    public byte[] Transcript { get; } = transcript.ToArray();

    public Span<byte> All => _secrets.Span;

    /// <summary>SK: the first root key.</summary>
    public ReadOnlySpan<byte> RootKey => _secrets.Span[..32];

    /// <summary>shared_hka: the header key of the initiator's first chain.</summary>
    public ReadOnlySpan<byte> InitiatorHeaderKey => _secrets.Span[32..64];

    /// <summary>shared_nhkb: the header key of the responder's first chain.</summary>
    public ReadOnlySpan<byte> ResponderNextHeaderKey => _secrets.Span[64..];

    public void Dispose() => _secrets.Dispose();
}
