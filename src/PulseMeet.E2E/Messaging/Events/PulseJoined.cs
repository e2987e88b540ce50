using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>This device was added to a pulse chat and reads along from now on; nothing that was said before opens.</summary>
/// <param name="pulseId">The chat.</param>
/// <param name="by">The device that added it.</param>
/// <param name="name">The chat's name.</param>
public sealed class PulseJoined(PulseId pulseId, DeviceAddress by, string name) : PulseEvent(pulseId)
{
    /// <summary>The device that added it, by its signature.</summary>
    public DeviceAddress By { get; } = by;

    /// <summary>The chat's name.</summary>
    public string Name { get; } = name;
}
