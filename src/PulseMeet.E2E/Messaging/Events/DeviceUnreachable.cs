using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>A device on a user's list gets no messages: it has published no keys, or none that are in order. Told once, until it
/// can be reached again.</summary>
/// <param name="device">The device.</param>
/// <param name="reason">What is wrong; <see cref="E2EError.UnknownDevice"/> where there are no keys.</param>
public sealed class DeviceUnreachable(DeviceAddress device, E2EError reason) : E2EEvent
{
    /// <summary>The device.</summary>
    public DeviceAddress Device { get; } = device;

    /// <summary>What is wrong.</summary>
    public E2EError Reason { get; } = reason;
}
