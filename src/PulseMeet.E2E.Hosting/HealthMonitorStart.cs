using Microsoft.Extensions.Hosting;
using PulseMeet.E2E.Diagnostics;

namespace PulseMeet.E2E.Hosting;

/// <summary>Has the monitor listen from the host's start on, and not from the first check on; and refuses bad thresholds there.</summary>
internal sealed class HealthMonitorStart(HealthMonitor monitor) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        monitor.Dispose();
        return Task.CompletedTask;
    }
}
