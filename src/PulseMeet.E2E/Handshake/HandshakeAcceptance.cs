using System.Security.Cryptography;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Handshake;

/// <summary>The responder's side of the handshake: the secrets, and the prekeys that were held for them.</summary>
/// <remarks>PQXDH, section 3.4. Until it is disposed no other handshake touches the device's prekeys.</remarks>
internal readonly ref struct HandshakeAcceptance
{
    private readonly DevicePreKeys.Claim _claim;

    private HandshakeAcceptance(DevicePreKeys.Claim claim, HandshakeSecrets secrets)
    {
        _claim = claim;
        Secrets = secrets;
    }

    public HandshakeSecrets Secrets { get; }

    /// <summary>The ratchet's first key of this side; owned by the prekeys.</summary>
    public X25519KeyPair SignedPreKey => _claim.Selected.SignedPreKey;

    /// <param name="own">This device.</param>
    /// <param name="preKeys">Its prekeys.</param>
    /// <param name="header">The first message's header, whose certificate has been verified.</param>
    /// <exception cref="E2EException">Accepted before (<see cref="E2EError.ReplayedHandshake"/>), made with prekeys that are
    /// not held (<see cref="E2EError.UnknownPreKey"/>), more than a signed prekey accepts
    /// (<see cref="E2EError.LimitExceeded"/>), or a key of it is bad (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static HandshakeAcceptance Start(DeviceIdentity own, DevicePreKeys preKeys, HandshakeHeader header)
    {
        DevicePreKeys.Claim claim = preKeys.Take(header.PreKeys, header.EphemeralKey);
        try
        {
            return new(claim, Agree(own, claim.Selected, header));
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    /// <summary>Uses up the one-time prekeys and remembers the first message: only when it has opened.</summary>
    public void Commit() => _claim.Commit();

    public void Dispose()
    {
        Secrets.Dispose();
        _claim.Dispose();
    }

    private static HandshakeSecrets Agree(DeviceIdentity own, PreKeyVault.Selection preKeys, HandshakeHeader header)
    {
        Span<byte> transcript = stackalloc byte[Sha256.Size];
        Pqxdh.HashTranscript(
            header.Certificate,
            own.Certificate,
            header.PreKeys,
            preKeys.SignedPreKey.PublicKey,
            preKeys.KemPreKey.PublicKey,
            preKeys.OneTimePreKey?.PublicKey,
            header.EphemeralKey,
            header.KemCiphertext,
            transcript);
        Span<byte> kemSecret = stackalloc byte[MlKem768.SharedSecretSize];
        preKeys.KemPreKey.Decapsulate(header.KemCiphertext, kemSecret);
        HandshakeSecrets secrets = Pqxdh.Accept(
            own, preKeys.SignedPreKey, preKeys.OneTimePreKey, header.Certificate.IdentityKey, header.EphemeralKey, kemSecret, transcript);
        CryptographicOperations.ZeroMemory(kemSecret);
        return secrets;
    }
}
