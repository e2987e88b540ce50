using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>A member, perhaps oneself, reads a pulse chat on other devices than before.</summary>
/// <param name="pulseId">The chat.</param>
/// <param name="by">The device that committed it.</param>
/// <param name="userId">The member.</param>
/// <param name="added">Ids of devices that came.</param>
/// <param name="removed">Ids of devices that are out.</param>
public sealed class PulseDevicesChanged(
    PulseId pulseId, DeviceAddress by, string userId, IReadOnlyList<string> added, IReadOnlyList<string> removed) : PulseEvent(pulseId)
{
    /// <summary>The device that committed it.</summary>
    public DeviceAddress By { get; } = by;

    /// <summary>The member.</summary>
    public string UserId { get; } = userId;

    /// <summary>Ids of devices that came.</summary>
    public IReadOnlyList<string> Added { get; } = added;

    /// <summary>Ids of devices that are out: removed from their account, or silent for too long.</summary>
    public IReadOnlyList<string> Removed { get; } = removed;
}
