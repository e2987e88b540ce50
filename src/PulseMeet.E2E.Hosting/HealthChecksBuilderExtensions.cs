using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using PulseMeet.E2E.Diagnostics;

namespace PulseMeet.E2E.Hosting;

/// <summary>Registers the library's health check.</summary>
public static class HealthChecksBuilderExtensions
{
    /// <summary>The check's name where the app gives none.</summary>
    public const string DefaultName = "pulsemeet-e2e";

    /// <summary>Adds a check of the library's alerts. The facts that the meter does not know come from a registered
    /// <see cref="IHealthFacts"/>, where there is one.</summary>
    /// <param name="builder">The app's health checks.</param>
    /// <param name="configure">Changes thresholds; null for the defaults.</param>
    /// <param name="name">The check's name.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <remarks>In a generic host the monitor listens from the host's start on, and thresholds outside their range stop the
    /// start.</remarks>
    public static IHealthChecksBuilder AddPulseMeetE2E(
        this IHealthChecksBuilder builder, Action<HealthOptions>? configure = null, string name = DefaultName)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new HealthOptions();
        configure?.Invoke(options);
#pragma warning disable RS0030 // The default, which the app replaces by registering its own clock first.
        builder.Services.TryAddSingleton(TimeProvider.System);
#pragma warning restore RS0030
        builder.Services.TryAddSingleton(provider => new HealthMonitor(options, provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddHostedService<HealthMonitorStart>();
        return builder.Add(new HealthCheckRegistration(
            name,
            provider => new E2EHealthCheck(provider.GetRequiredService<HealthMonitor>(), provider.GetService<IHealthFacts>()),
            failureStatus: null,
            tags: null));
    }
}
