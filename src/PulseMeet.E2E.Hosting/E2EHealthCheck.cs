using Microsoft.Extensions.Diagnostics.HealthChecks;
using PulseMeet.E2E.Diagnostics;

namespace PulseMeet.E2E.Hosting;

/// <summary>The library's alerts as a health check: degraded, or unhealthy where keys lie open or a store was put back.</summary>
internal sealed class E2EHealthCheck(HealthMonitor monitor, IHealthFacts? facts) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        HealthFacts known = facts is null ? new HealthFacts() : await facts.ReadAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<HealthAlert> alerts = monitor.Assess(known);
        if (alerts.Count == 0)
        {
            return HealthCheckResult.Healthy();
        }

        string names = string.Join(", ", alerts);
        return alerts.Any(alert => alert is HealthAlert.PlaintextKeys or HealthAlert.StoreRolledBack)
            ? HealthCheckResult.Unhealthy(names)
            : HealthCheckResult.Degraded(names);
    }
}
