namespace PulseMeet.E2E;

/// <summary>A user, perhaps oneself, has other devices than before.</summary>
/// <param name="userId">The user.</param>
/// <param name="added">Devices that came.</param>
/// <param name="removed">Devices that went: they get nothing more and are believed nothing more.</param>
public sealed class DeviceListChanged(string userId, IReadOnlyList<string> added, IReadOnlyList<string> removed) : E2EEvent
{
    /// <summary>The user.</summary>
    public string UserId { get; } = userId;

    /// <summary>Devices that came, by id. One that came back with other keys stands here and in <see cref="Removed"/>.</summary>
    public IReadOnlyList<string> Added { get; } = added;

    /// <summary>Devices that went, by id.</summary>
    public IReadOnlyList<string> Removed { get; } = removed;
}
