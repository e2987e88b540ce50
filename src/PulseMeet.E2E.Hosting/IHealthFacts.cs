using PulseMeet.E2E.Diagnostics;

namespace PulseMeet.E2E.Hosting;

/// <summary>What the app knows beside the meter: registered, the health check asks it each time.</summary>
public interface IHealthFacts
{
    /// <summary>Gathers the facts. What is not known stays null.</summary>
    /// <param name="cancellationToken">Stops gathering.</param>
    ValueTask<HealthFacts> ReadAsync(CancellationToken cancellationToken);
}
