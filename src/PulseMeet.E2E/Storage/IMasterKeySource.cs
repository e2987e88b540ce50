using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E;

/// <summary>Gives the key that a device's records are sealed under: out of the operating system's key store, or wherever else the app
/// keeps it away from the store's file.</summary>
public interface IMasterKeySource
{
    /// <summary>The device's master key: the same one for the same store, made where there is none yet.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A key that the caller disposes: one of its own for every call.</returns>
    /// <remarks>Asked once each time a client opens its store.</remarks>
    ValueTask<MasterKey> GetAsync(CancellationToken cancellationToken = default);
}
