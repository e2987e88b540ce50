namespace PulseMeet.E2E.Identity;

/// <summary>What a completed linking gives.</summary>
/// <param name="Identity">The device, certified by the account. The owner disposes it.</param>
/// <param name="Devices">The account's newest device list, with this device on it.</param>
public sealed record LinkedDevice(DeviceIdentity Identity, DeviceList Devices);
