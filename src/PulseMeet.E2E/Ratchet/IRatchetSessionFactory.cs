using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;

namespace PulseMeet.E2E.Ratchet;

/// <summary>Makes, accepts and reads sessions with the app's options and clock.</summary>
/// <remarks>Thread-safe. Registered by <c>AddPulseMeetE2E</c>.</remarks>
public interface IRatchetSessionFactory
{
    /// <summary>Begins a session from a bundle; see <see cref="RatchetSession.Initiate"/>.</summary>
    /// <param name="own">This device. Not disposed.</param>
    /// <param name="peer">Who the session has to be with.</param>
    /// <param name="bundle">What the directory handed out.</param>
    /// <exception cref="E2EException">As for <see cref="RatchetSession.Initiate"/>.</exception>
    RatchetSession Initiate(DeviceIdentity own, ExpectedPeer peer, PreKeyBundle bundle);

    /// <summary>Accepts a session with its first message; see <see cref="RatchetSession.Accept"/>.</summary>
    /// <param name="preKeys">This device's prekeys.</param>
    /// <param name="peer">Who the message is said to come from.</param>
    /// <param name="message">The first message.</param>
    /// <param name="associatedData">The app's own, as it was sealed.</param>
    /// <exception cref="E2EException">As for <see cref="RatchetSession.Accept"/>.</exception>
    AcceptedSession Accept(
        DevicePreKeys preKeys,
        ExpectedPeer peer,
        ReadOnlySpan<byte> message,
        ReadOnlySpan<byte> associatedData = default);

    /// <summary>Reads a stored session; see <see cref="RatchetSession.Deserialize"/>.</summary>
    /// <param name="state">The serialised session.</param>
    /// <exception cref="E2EException">As for <see cref="RatchetSession.Deserialize"/>.</exception>
    RatchetSession Load(ReadOnlySpan<byte> state);
}
