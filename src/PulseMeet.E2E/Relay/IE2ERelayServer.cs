using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>A relay as its host sees it: it gives each authenticated device its own view.</summary>
/// <remarks>In memory, on SQLite, on PostgreSQL. Thread-safe.</remarks>
public interface IE2ERelayServer
{
    /// <summary>The relay for one device, whose authenticity the host has checked.</summary>
    /// <param name="caller">The user and the device, out of the host's own authentication.</param>
    IE2ERelay Connect(DeviceAddress caller);

    /// <summary>Deletes what is past its age; for a timer of the host's.</summary>
    /// <param name="cancellationToken">Stops between two deletions.</param>
    Task CleanUpAsync(CancellationToken cancellationToken = default);
}
