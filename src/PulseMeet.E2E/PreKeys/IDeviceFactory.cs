using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PreKeys;

/// <summary>Makes and reads devices and their prekeys with the app's options and clock.</summary>
/// <remarks>Thread-safe. Registered by <c>AddPulseMeetE2E</c>.</remarks>
public interface IDeviceFactory
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
}
