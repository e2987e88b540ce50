using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Handshake;

/// <summary>The responder's side of the handshake. The prekeys are held until this is disposed; they are used up, and the
/// first message remembered, only on <see cref="Commit"/>: a first message that does not open uses up nothing.</summary>
/// <remarks>PQXDH, section 3.4. Checks go from the cheap to the costly: the sender's name, what the message names and whether it came
/// before, then the keys and the signature of the certificate, then the agreements.</remarks>
internal readonly ref struct HandshakeAcceptance
{
    private readonly PreKeyUse _use;

    private HandshakeAcceptance(PreKeyUse use, DeviceCertificate initiator, HandshakeSecrets secrets)
    {
        _use = use;
        Initiator = initiator;
        Secrets = secrets;
    }

    /// <summary>The initiator's certificate, verified.</summary>
    public DeviceCertificate Initiator { get; }

    public HandshakeSecrets Secrets { get; }

    public X25519KeyPair SignedPreKey => _use.Selected.SignedPair.CurveKey;

    /// <param name="preKeys">This device's prekeys.</param>
    /// <param name="peer">Who the message is said to come from.</param>
    /// <param name="header">The first message's header.</param>
    /// <param name="now">The current time.</param>
    /// <exception cref="E2EException">From somebody else (<see cref="E2EError.WrongIdentity"/>,
    /// <see cref="E2EError.AccountKeyChanged"/>, <see cref="E2EError.InvalidSignature"/>, <see cref="E2EError.Expired"/>), accepted before
    /// (<see cref="E2EError.ReplayedHandshake"/>), made with prekeys that are not held (<see cref="E2EError.UnknownPreKey"/>), over a
    /// bound (<see cref="E2EError.LimitExceeded"/>), or with a bad key (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static HandshakeAcceptance Begin(DevicePreKeys preKeys, ExpectedPeer peer, HandshakeHeader header, DateTimeOffset now)
    {
        var sender = FirstMessageSender.Of(peer.Check(header.Certificate), isKnown: peer.AccountKey is not null);
        preKeys.CheckFirstMessage(header.PreKeys, new X25519PublicKey(header.EphemeralKey), sender);

        var ephemeralKey = X25519PublicKey.FromBytes(header.EphemeralKey);
        DeviceCertificate initiator = peer.AccountKey is null
            ? DeviceCertificate.Decode(header.Certificate)
            : DeviceCertificate.Decode(header.Certificate, peer.AccountKey);
        initiator.VerifyInFirstMessage(now);

        var use = new PreKeyUse(preKeys, header.PreKeys, ephemeralKey, sender);
        try
        {
            return new(use, initiator, Agree(preKeys.Identity, initiator, ephemeralKey, header.KemCiphertext, use.Selected));
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

    private static HandshakeSecrets Agree(
        DeviceIdentity own,
        DeviceCertificate initiator,
        X25519PublicKey ephemeralKey,
        ReadOnlySpan<byte> kemCiphertext,
        PreKeyVault.Selection selected)
    {
        Span<byte> transcript = stackalloc byte[Sha256.Size];
        Pqxdh.HashTranscript(
            initiator,
            own.Certificate,
            selected.SignedPair.Content,
            selected.OneTimePair is null ? default : selected.OneTimePair.Content,
            ephemeralKey,
            kemCiphertext,
            transcript);
        using var kemSecret = new StackSecret(stackalloc byte[MlKem768.SharedSecretSize]);
        (selected.OneTimePair ?? selected.SignedPair).Decapsulate(kemCiphertext, kemSecret.Span);
        return Pqxdh.Accept(
            own,
            selected.SignedPair.CurveKey,
            selected.OneTimePair?.CurveKey,
            initiator.IdentityKey,
            ephemeralKey,
            kemSecret.Span,
            transcript);
    }
}
