using System.Security.Cryptography;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Handshake;

/// <summary>The responder's side of the handshake. The prekeys are held until this is disposed; they are used up, and the
/// first message remembered, only on <see cref="Commit"/>: a first message that does not open uses up nothing.</summary>
/// <remarks>PQXDH, section 3.4.</remarks>
internal readonly ref struct HandshakeAcceptance
{
    private readonly DevicePreKeys.PreKeyUse _use;

    private HandshakeAcceptance(DevicePreKeys.PreKeyUse use, HandshakeSecrets secrets)
    {
        _use = use;
        Secrets = secrets;
    }

    public HandshakeSecrets Secrets { get; }

    public X25519KeyPair SignedPreKey => _use.Selected.SignedPreKey;

    /// <param name="own">This device.</param>
    /// <param name="preKeys">Its prekeys.</param>
    /// <param name="header">The first message's header; its certificate has been verified.</param>
    /// <exception cref="E2EException">Accepted before (<see cref="E2EError.ReplayedHandshake"/>), made with prekeys that are
    /// not held (<see cref="E2EError.UnknownPreKey"/>), over the bound (<see cref="E2EError.LimitExceeded"/>), or with a bad
    /// key (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static HandshakeAcceptance Begin(DeviceIdentity own, DevicePreKeys preKeys, HandshakeHeader header)
    {
        DevicePreKeys.PreKeyUse use = preKeys.BeginUse(header.PreKeys, header.EphemeralKey);
        try
        {
            return new(use, Agree(own, header, use.Selected));
        }
        catch
        {
            use.Dispose();
            throw;
        }
    }

    public void Commit() => _use.Commit();

    public void Dispose()
    {
        Secrets.Dispose();
        _use.Dispose();
    }

    private static HandshakeSecrets Agree(DeviceIdentity own, HandshakeHeader header, PreKeyVault.Selection selected)
    {
        Span<byte> transcript = stackalloc byte[Sha256.Size];
        Pqxdh.HashTranscript(
            header.Certificate,
            own.Certificate,
            header.PreKeys,
            selected.SignedPreKey.PublicKey,
            selected.KemPreKey.PublicKey,
            selected.OneTimePreKey?.PublicKey,
            header.EphemeralKey,
            header.KemCiphertext,
            transcript);
        Span<byte> kemSecret = stackalloc byte[MlKem768.SharedSecretSize];
        try
        {
            selected.KemPreKey.Decapsulate(header.KemCiphertext, kemSecret);
            return Pqxdh.Accept(
                own,
                selected.SignedPreKey,
                selected.OneTimePreKey,
                header.Certificate.IdentityKey,
                header.EphemeralKey,
                kemSecret,
                transcript);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(kemSecret);
        }
    }
}
