using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Hosting;

namespace Monitoring;

/// <summary>What an app knows beside the meter: a real one asks its database. Here it is told.</summary>
public sealed class OperatorFacts : IHealthFacts
{
    public HealthFacts Known { get; set; } = new();

    public ValueTask<HealthFacts> ReadAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Known);
}
