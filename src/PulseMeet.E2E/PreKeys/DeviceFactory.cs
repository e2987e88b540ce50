using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PreKeys;

/// <summary>The factory over one set of options and one clock. Thread-safe.</summary>
public sealed class DeviceFactory : IDeviceFactory
{
    private readonly PreKeyOptions _options;
    private readonly TimeProvider _time;

    /// <param name="options">How many prekeys and for how long.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public DeviceFactory(PreKeyOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        _options = options;
        _time = time;
    }

    /// <inheritdoc/>
    public DeviceIdentity CreateDevice(Ed25519KeyPair account, DeviceAddress address) => DeviceIdentity.Create(account, address, _time);

    /// <inheritdoc/>
    public DevicePreKeys CreatePreKeys(DeviceIdentity device) => DevicePreKeys.Create(device, _options, _time);

    /// <inheritdoc/>
    public DevicePreKeys LoadPreKeys(ReadOnlySpan<byte> state, DeviceIdentity device) =>
        DevicePreKeys.Deserialize(state, device, _options, _time);
}
