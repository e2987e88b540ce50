using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Handshake;

/// <summary>What the handshake hands to the ratchet: the first root key and the first two header keys.</summary>
/// <remarks>Double Ratchet, section 4.3: SK, shared_hka and shared_nhkb. Owns 96 secret bytes.</remarks>
/// <param name="transcript">32 bytes.</param>
/// <param name="secrets">96 bytes in the order of the properties; copied, so the caller zeroes its own.</param>
internal sealed class HandshakeSecrets(ReadOnlySpan<byte> transcript, ReadOnlySpan<byte> secrets) : IDisposable
{
    /// <summary>Length of all three keys, in bytes.</summary>
    public const int Size = 96;

    /// <summary>The hash of all that both sides saw: the session's associated data and its id.</summary>
    public byte[] Transcript { get; } = transcript.ToArray();

    /// <summary>SK: the first root key.</summary>
    public SecretBytes RootKey { get; } = SecretBytes.CopyOf(secrets[..32]);

    /// <summary>shared_hka: the header key of the initiator's first chain.</summary>
    public SecretBytes InitiatorHeaderKey { get; } = SecretBytes.CopyOf(secrets[32..64]);

    /// <summary>shared_nhkb: the header key of the responder's first chain.</summary>
    public SecretBytes ResponderNextHeaderKey { get; } = SecretBytes.CopyOf(secrets[64..]);

    public void Dispose()
    {
        RootKey.Dispose();
        InitiatorHeaderKey.Dispose();
        ResponderNextHeaderKey.Dispose();
    }
}
