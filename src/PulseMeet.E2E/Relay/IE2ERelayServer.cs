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

/// <summary>A media store as its host sees it: it gives each authenticated user a view of their own.</summary>
/// <remarks>Thread-safe.</remarks>
public interface IMediaStoreServer
{
    /// <summary>The store for one user, whose authenticity the host has checked.</summary>
    /// <param name="userId">1 to 64 bytes in UTF-8.</param>
    /// <exception cref="ArgumentException">The id is empty, too long or not well-formed Unicode.</exception>
    IMediaStore Connect(string userId);

    /// <summary>Deletes uploads that were not finished in time; for a timer of the host's.</summary>
    /// <param name="cancellationToken">Stops between two deletions.</param>
    Task CleanUpAsync(CancellationToken cancellationToken = default);
}
