namespace PulseMeet.E2E;

/// <summary>The relay does not show the newest device list of a user: an older one, another one than to others, or one that nobody
/// has renewed for a month.</summary>
/// <param name="userId">The user.</param>
public sealed class DeviceListSuspicious(string userId) : E2EEvent
{
    /// <summary>The user.</summary>
    public string UserId { get; } = userId;
}
