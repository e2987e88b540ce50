using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>Accounts came into a pulse chat, or are out of it.</summary>
/// <param name="pulseId">The chat.</param>
/// <param name="by">The device that committed it.</param>
/// <param name="added">Users who were added.</param>
/// <param name="removed">Users who were removed.</param>
/// <param name="left">Users who had asked to leave.</param>
public sealed class PulseMembersChanged(
    PulseId pulseId, DeviceAddress by, IReadOnlyList<string> added, IReadOnlyList<string> removed, IReadOnlyList<string> left)
    : PulseEvent(pulseId)
{
    /// <summary>The device that committed it, perhaps this one.</summary>
    public DeviceAddress By { get; } = by;

    /// <summary>Users who were added.</summary>
    public IReadOnlyList<string> Added { get; } = added;

    /// <summary>Users who were removed: from now on they read nothing.</summary>
    public IReadOnlyList<string> Removed { get; } = removed;

    /// <summary>Users who had asked to leave, and are out now.</summary>
    public IReadOnlyList<string> Left { get; } = left;
}
