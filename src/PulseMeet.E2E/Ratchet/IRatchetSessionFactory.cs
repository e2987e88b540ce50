using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;

namespace PulseMeet.E2E.Ratchet;

/// <summary>Makes, accepts and reads devices, prekeys and sessions with the app's options and clock.</summary>
/// <remarks>Thread-safe. Registered by <c>AddPulseMeetE2E</c>.</remarks>
public interface IRatchetSessionFactory
{
    /// <summary>Makes a new device of an account; see <see cref="DeviceIdentity.Create"/>.</summary>
    /// <param name="account">The account's key pair. Not disposed and not kept.</param>
    /// <param name="address">The user and the device.</param>
    DeviceIdentity CreateDevice(Ed25519KeyPair account, DeviceAddress address);

    /// <summary>Makes the first prekeys of a device; see <see cref="DevicePreKeys.Create"/>.</summary>
    /// <param name="device">The device. Not disposed; has to outlive the prekeys.</param>
    DevicePreKeys CreatePreKeys(DeviceIdentity device);

    /// <summary>Reads stored prekeys; see <see cref="DevicePreKeys.Deserialize"/>.</summary>
    /// <param name="state">The serialised prekeys.</param>
    /// <param name="device">The device. Not disposed; has to outlive the prekeys.</param>
    /// <exception cref="E2EException">As for <see cref="DevicePreKeys.Deserialize"/>.</exception>
    DevicePreKeys LoadPreKeys(ReadOnlySpan<byte> state, DeviceIdentity device);

    /// <summary>Begins a session from a bundle; see <see cref="RatchetSession.Initiate"/>.</summary>
    /// <param name="own">This device. Not disposed.</param>
    /// <param name="peer">Who the session has to be with.</param>
    /// <param name="bundle">What the directory handed out.</param>
    /// <exception cref="E2EException">As for <see cref="RatchetSession.Initiate"/>.</exception>
    RatchetSession Initiate(DeviceIdentity own, ExpectedPeer peer, PreKeyBundle bundle);

    /// <summary>Accepts a session with its first message; see <see cref="RatchetSession.Accept"/>.</summary>
    /// <param name="own">This device. Not disposed.</param>
    /// <param name="preKeys">This device's prekeys.</param>
    /// <param name="peer">Who the message is said to come from.</param>
    /// <param name="message">The first message.</param>
    /// <param name="associatedData">The app's own, as it was sealed.</param>
    /// <exception cref="E2EException">As for <see cref="RatchetSession.Accept"/>.</exception>
    AcceptedSession Accept(
        DeviceIdentity own,
        DevicePreKeys preKeys,
        ExpectedPeer peer,
        ReadOnlySpan<byte> message,
        ReadOnlySpan<byte> associatedData = default);

    /// <summary>Reads a stored session; see <see cref="RatchetSession.Deserialize"/>.</summary>
    /// <param name="state">The serialised session.</param>
    /// <exception cref="E2EException">As for <see cref="RatchetSession.Deserialize"/>.</exception>
    RatchetSession Load(ReadOnlySpan<byte> state);
}
