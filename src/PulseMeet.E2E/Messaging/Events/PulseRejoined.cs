using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>A device, perhaps this one, came back into a pulse chat by itself, with new keys: it had fallen too far behind, its store was
/// put back, or it was on another line than the others.</summary>
/// <remarks>Of this device: who came and went meanwhile is told behind it; another name, other roles and other rights are in the roster
/// (<see cref="PulseChat.GetRosterAsync"/>).</remarks>
/// <param name="pulseId">The chat.</param>
/// <param name="device">The device.</param>
/// <param name="cause">Whose commit it could not follow; null where that is not why.</param>
public sealed class PulseRejoined(PulseId pulseId, DeviceAddress device, DeviceAddress? cause) : PulseEvent(pulseId)
{
    /// <summary>The device.</summary>
    public DeviceAddress Device { get; } = device;

    /// <summary>Of this device: whose commit it could not follow; null where that is not why.</summary>
    public DeviceAddress? Cause { get; } = cause;
}
