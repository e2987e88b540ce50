using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>A pulse chat has another name.</summary>
/// <param name="pulseId">The chat.</param>
/// <param name="by">The device that committed it.</param>
/// <param name="name">The name.</param>
public sealed class PulseRenamed(PulseId pulseId, DeviceAddress by, string name) : PulseEvent(pulseId)
{
    /// <summary>The device that committed it.</summary>
    public DeviceAddress By { get; } = by;

    /// <summary>The name.</summary>
    public string Name { get; } = name;
}
