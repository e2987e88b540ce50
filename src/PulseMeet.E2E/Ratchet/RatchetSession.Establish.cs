using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;

namespace PulseMeet.E2E.Ratchet;

/// <content>How sessions begin.</content>
public sealed partial class RatchetSession
{
    /// <summary>Begins a session with a device, from its bundle, without the device being online.</summary>
    /// <param name="own">This device. Not disposed.</param>
    /// <param name="peer">Who the session has to be with.</param>
    /// <param name="bundle">What the directory handed out; verified here.</param>
    /// <param name="options">Padding and renewal.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="E2EException">The bundle is another device's or account's (<see cref="E2EError.WrongIdentity"/>), a
    /// signature in it does not verify (<see cref="E2EError.InvalidSignature"/>), its certificate is outside its validity
    /// (<see cref="E2EError.Expired"/>), or a key in it is bad (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static RatchetSession Initiate(
        DeviceIdentity own, ExpectedPeer peer, PreKeyBundle bundle, RatchetOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentNullException.ThrowIfNull(bundle);
        CheckArguments(options, time);
        peer.Check(bundle.Certificate);
        DateTimeOffset now = time.GetUtcNow();
        bundle.Verify(now);
        using HandshakeInitiation initiation = HandshakeInitiation.Start(own, bundle);
        var state = new SessionState(
            RatchetState.Initiator(initiation.Secrets, bundle.SignedPreKey.Key),
            bundle.Certificate,
            initiation.Header.HashBound(),
            initiation.Header.Info,
            now)
        {
            Pending = initiation.Header.Encoded.ToArray(),
        };
        return new(state, options, time);
    }

    /// <summary>Accepts a session with its first message. If the message does not open, nothing is used up.</summary>
    /// <param name="own">This device. Not disposed.</param>
    /// <param name="preKeys">This device's prekeys; the one-time ones that took part are deleted, and the first message is
    /// remembered against replay. The app stores them with the session.</param>
    /// <param name="peer">Who the message is said to come from.</param>
    /// <param name="message">The first message.</param>
    /// <param name="options">Padding and renewal.</param>
    /// <param name="time">The clock.</param>
    /// <param name="associatedData">The app's own, as it was sealed; at most 1,024 bytes.</param>
    /// <returns>The session, which the caller disposes, and the plaintext.</returns>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>,
    /// <see cref="E2EError.UnsupportedVersion"/>, <see cref="E2EError.LimitExceeded"/>), from somebody else
    /// (<see cref="E2EError.WrongIdentity"/>, <see cref="E2EError.InvalidSignature"/>, <see cref="E2EError.Expired"/>),
    /// accepted before (<see cref="E2EError.ReplayedHandshake"/>), made with prekeys that are not held
    /// (<see cref="E2EError.UnknownPreKey"/>), or changed (<see cref="E2EError.NotAuthentic"/>,
    /// <see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static AcceptedSession Accept(
        DeviceIdentity own,
        DevicePreKeys preKeys,
        ExpectedPeer peer,
        ReadOnlySpan<byte> message,
        RatchetOptions options,
        TimeProvider time,
        ReadOnlySpan<byte> associatedData = default)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(preKeys);
        ArgumentNullException.ThrowIfNull(peer);
        CheckArguments(options, time);
        CheckAssociatedData(associatedData);
        var first = FirstMessage.Read(message);
        peer.Check(first.Header.Certificate);
        DateTimeOffset now = time.GetUtcNow();
        first.Header.Certificate.Verify(now);

        using HandshakeAcceptance acceptance = HandshakeAcceptance.Begin(own, preKeys, first.Header);
        RatchetState ratchet = RatchetState.Responder(acceptance.Secrets, acceptance.SignedPreKey);
        try
        {
            byte[] plaintext = RatchetOpening.Open(ratchet, first.Inner, associatedData, now);
            acceptance.Commit();
            HandshakeHeader header = first.Header;
            var state = new SessionState(ratchet, header.Certificate, header.HashBound(), header.Info, now);
            return new AcceptedSession(new RatchetSession(state, options, time), plaintext);
        }
        catch
        {
            ratchet.Dispose();
            throw;
        }
    }

    private static void CheckArguments(RatchetOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
    }
}
