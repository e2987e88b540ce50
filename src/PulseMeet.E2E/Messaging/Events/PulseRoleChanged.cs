using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>A member of a pulse chat has another role.</summary>
/// <param name="pulseId">The chat.</param>
/// <param name="by">The device that committed it.</param>
/// <param name="userId">The member.</param>
/// <param name="role">The role.</param>
public sealed class PulseRoleChanged(PulseId pulseId, DeviceAddress by, string userId, PulseRole role) : PulseEvent(pulseId)
{
    /// <summary>The device that committed it.</summary>
    public DeviceAddress By { get; } = by;

    /// <summary>The member.</summary>
    public string UserId { get; } = userId;

    /// <summary>The role.</summary>
    public PulseRole Role { get; } = role;
}
