using System.Diagnostics;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <content>How sessions begin.</content>
public sealed partial class RatchetSession
{
    /// <summary>Begins a session with a device, from its bundle, without the device being online.</summary>
    /// <param name="own">This device. Not disposed.</param>
    /// <param name="peer">Who the session has to be with.</param>
    /// <param name="bundle">What the directory handed out; verified here.</param>
    /// <param name="options">Padding and renewal.</param>
    /// <param name="preKeyOptions">The oldest prekeys that are taken, and the app's own profile.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="E2EException">This device's own certificate has run out (<see cref="E2EError.Expired"/>); the bundle is another
    /// device's (<see cref="E2EError.WrongIdentity"/>), of another account key (<see cref="E2EError.AccountKeyChanged"/>), or does not
    /// verify, as for <see cref="PreKeyBundle.Verify"/>; or a key in it is bad (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static RatchetSession Initiate(
        DeviceIdentity own,
        ExpectedPeer peer,
        PreKeyBundle bundle,
        RatchetOptions options,
        PreKeyOptions preKeyOptions,
        TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentNullException.ThrowIfNull(bundle);
        ArgumentNullException.ThrowIfNull(preKeyOptions);
        CheckArguments(options, time);
        using Activity? activity = Telemetry.HandshakeBegins(isInitiator: true);
        try
        {
            RatchetSession session = InitiateCounted(own, peer, bundle, options, preKeyOptions, time);
            Telemetry.HandshakeSucceeded(isInitiator: true);
            return session;
        }
        catch (E2EException refused) when (Telemetry.HandshakeFailed(activity, isInitiator: true, refused.Reason))
        {
            throw;
        }
    }

    private static RatchetSession InitiateCounted(
        DeviceIdentity own,
        ExpectedPeer peer,
        PreKeyBundle bundle,
        RatchetOptions options,
        PreKeyOptions preKeyOptions,
        TimeProvider time)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (own.Certificate.IsExpired(now))
        {
            throw new E2EException(E2EError.Expired, "This device's own certificate.");
        }

        peer.Check(bundle.Certificate);
        bundle.Verify(now, preKeyOptions);
        using HandshakeInitiation initiation = HandshakeInitiation.Start(own, bundle);
        var state = new SessionState(
            RatchetState.Initiator(initiation.Secrets, bundle.SignedPair.CurveKey),
            bundle.Certificate,
            initiation.Header.HashOfHandshake(),
            initiation.Header.Info,
            now)
        {
            Pending = initiation.Header.Encoded.ToArray(),
        };
        return new(state, options, time);
    }

    /// <summary>Accepts a session with its first message. If the message does not open, nothing is used up.</summary>
    /// <param name="preKeys">This device's prekeys; a one-time pair that took part is deleted, and the first message is
    /// remembered against replay. The app stores them with the session.</param>
    /// <param name="peer">Who the message is said to come from.</param>
    /// <param name="message">The first message.</param>
    /// <param name="options">Padding and renewal.</param>
    /// <param name="time">The clock.</param>
    /// <param name="associatedData">The app's own, as it was sealed; at most 1,024 bytes.</param>
    /// <returns>The session, which the caller disposes, and the plaintext.</returns>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>,
    /// <see cref="E2EError.UnsupportedVersion"/>, <see cref="E2EError.LimitExceeded"/>), from somebody else
    /// (<see cref="E2EError.WrongIdentity"/>, <see cref="E2EError.AccountKeyChanged"/>, <see cref="E2EError.InvalidSignature"/>), with a
    /// certificate that ran out more than 30 days ago or is not valid yet (<see cref="E2EError.Expired"/>), accepted before
    /// (<see cref="E2EError.ReplayedHandshake"/>), made with prekeys that are not held (<see cref="E2EError.UnknownPreKey"/>), without a
    /// one-time pair by an account that has made too many such (<see cref="E2EError.LimitExceeded"/>), with more than
    /// <see cref="RatchetLimits.MaxSkippedBeforeSession"/> others before it (<see cref="E2EError.TooFarAhead"/>), or changed
    /// (<see cref="E2EError.NotAuthentic"/>, <see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static AcceptedSession Accept(
        DevicePreKeys preKeys,
        ExpectedPeer peer,
        ReadOnlySpan<byte> message,
        RatchetOptions options,
        TimeProvider time,
        ReadOnlySpan<byte> associatedData = default)
    {
        ArgumentNullException.ThrowIfNull(preKeys);
        ArgumentNullException.ThrowIfNull(peer);
        CheckArguments(options, time);
        CheckAssociatedData(associatedData);
        using Activity? activity = Telemetry.HandshakeBegins(isInitiator: false);
        try
        {
            AcceptedSession accepted = AcceptCounted(preKeys, peer, message, options, time, associatedData);
            Telemetry.HandshakeSucceeded(isInitiator: false);
            Telemetry.MessageOpened();
            return accepted;
        }
        catch (E2EException refused) when (Telemetry.HandshakeFailed(activity, isInitiator: false, refused.Reason))
        {
            throw;
        }
    }

    private static AcceptedSession AcceptCounted(
        DevicePreKeys preKeys,
        ExpectedPeer peer,
        ReadOnlySpan<byte> message,
        RatchetOptions options,
        TimeProvider time,
        ReadOnlySpan<byte> associatedData)
    {
        var first = FirstMessage.Read(message);
        DateTimeOffset now = time.GetUtcNow();
        using HandshakeAcceptance acceptance = HandshakeAcceptance.Begin(preKeys, peer, first.Header, now);
        RatchetState ratchet = RatchetState.Responder(acceptance.Secrets, acceptance.SignedPreKey);
        try
        {
            byte[] plaintext = RatchetOpening.Open(
                ratchet, first.Inner, FirstMessage.Bind(first.Header.Encoded, associatedData), now);
            acceptance.Commit();
            var state = new SessionState(
                ratchet, acceptance.Initiator, first.Header.HashOfHandshake(), first.Header.Info, now);
            return new AcceptedSession(new RatchetSession(state, options, time), plaintext);
        }
        catch
        {
            ratchet.Dispose();
            throw;
        }
    }

    /// <summary>Puts this device's renewed certificate into what is sent until the peer has answered. Store
    /// <see cref="Serialize"/> where something changed.</summary>
    /// <param name="own">This device.</param>
    /// <returns>False where the peer has answered, or the certificate is the one that is sent already.</returns>
    /// <exception cref="ArgumentException">The session is another device's.</exception>
    public bool TakeOwnRenewed(DeviceIdentity own)
    {
        ArgumentNullException.ThrowIfNull(own);
        DeviceCertificate certificate = own.Certificate;
        lock (_lock)
        {
            if (_state.Pending is null)
            {
                return false;
            }

            var reader = new SpanReader(_state.Pending);
            var header = HandshakeHeader.Read(ref reader);
            if (!PublicBytes.Equal(DeviceCertificate.IdentityOf(header.Certificate), certificate.Identity))
            {
                throw new ArgumentException("The session is another device's.", nameof(own));
            }

            if (PublicBytes.Equal(header.Certificate, certificate.Encoded))
            {
                return false;
            }

            _state.Pending = header.With(certificate).Encoded.ToArray();
            return true;
        }
    }

    /// <summary>Takes the peer's renewed certificate, as its account's device list shows it. Store <see cref="Serialize"/> where
    /// something changed.</summary>
    /// <param name="renewed">The certificate.</param>
    /// <returns>False, and nothing has changed, where it does not end later than the present one.</returns>
    /// <exception cref="E2EException">It is for another device, account or other keys (<see cref="E2EError.WrongIdentity"/>), or does
    /// not verify (<see cref="E2EError.InvalidSignature"/>).</exception>
    public bool TakePeerRenewed(DeviceCertificate renewed)
    {
        ArgumentNullException.ThrowIfNull(renewed);
        lock (_lock)
        {
            if (!renewed.IsSameDevice(_state.Peer))
            {
                throw new E2EException(E2EError.WrongIdentity);
            }

            renewed.VerifySignature();
            bool isLater = renewed.NotAfter > _state.Peer.NotAfter;
            if (isLater)
            {
                _state.Peer = renewed;
            }

            return isLater;
        }
    }

    private static void CheckArguments(RatchetOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
    }
}
