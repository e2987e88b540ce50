using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>A device could not read what came, and has begun a new session: it was reinstalled, restored, or something was
/// damaged on the way. What it asks for again is sent by itself.</summary>
/// <param name="device">The other device.</param>
public sealed class SessionRepaired(DeviceAddress device) : E2EEvent
{
    /// <summary>The other device.</summary>
    public DeviceAddress Device { get; } = device;
}
