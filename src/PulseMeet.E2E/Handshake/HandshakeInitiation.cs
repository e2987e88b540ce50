using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Handshake;

/// <summary>The initiator's side of the handshake: the secrets, and the header that lets the peer find them too.</summary>
internal sealed class HandshakeInitiation : IDisposable
{
    private HandshakeInitiation(HandshakeHeader header, HandshakeSecrets secrets)
    {
        Header = header;
        Secrets = secrets;
    }

    public HandshakeHeader Header { get; }

    public HandshakeSecrets Secrets { get; }

    /// <param name="own">This device.</param>
    /// <param name="peer">A bundle that has been verified.</param>
    /// <exception cref="E2EException">A key of the bundle is bad (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static HandshakeInitiation Start(DeviceIdentity own, PreKeyBundle peer)
    {
        using X25519KeyPair ephemeral = X25519KeyPair.Generate();
        DeviceCertificate certificate = own.Certificate;
        Span<byte> ciphertext = stackalloc byte[MlKem768.CiphertextSize];
        using var kemSecret = new StackSecret(stackalloc byte[MlKem768.SharedSecretSize]);
        if (!MlKem768.TryEncapsulate(peer.KemKey.Span, ciphertext, kemSecret.Span))
        {
            throw new E2EException(E2EError.InvalidPublicKey);
        }

        Span<byte> transcript = stackalloc byte[Sha256.Size];
        Pqxdh.HashTranscript(
            certificate,
            peer.Certificate,
            peer.SignedPair.Content,
            peer.OneTimePair is null ? default : peer.OneTimePair.Content,
            ephemeral.PublicKey,
            ciphertext,
            transcript);
        HandshakeSecrets secrets = Pqxdh.Initiate(own, ephemeral, peer, kemSecret.Span, transcript);
        var names = new PreKeyNames(peer.SignedPair.Id, peer.OneTimePair?.Id);
        return new(HandshakeHeader.Create(certificate, names, ephemeral.PublicKey, ciphertext), secrets);
    }

    public void Dispose() => Secrets.Dispose();
}
