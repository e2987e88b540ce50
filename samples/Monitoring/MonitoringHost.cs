using OpenTelemetry.Metrics;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Hosting;

namespace Monitoring;

/// <summary>A host whose devices talk to each other, with Prometheus metrics at <c>/metrics</c> and alerts at <c>/health</c>.</summary>
public static class MonitoringHost
{
    /// <param name="args">The command line, such as <c>--urls http://127.0.0.1:9464</c>.</param>
    /// <param name="thresholds">Changes thresholds of alerts; null for the defaults.</param>
    public static WebApplication Create(string[] args, Action<HealthOptions>? thresholds = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddPulseMeetE2E(builder.Configuration);
        builder.Services.AddSingleton<OperatorFacts>().AddSingleton<IHealthFacts>(provider => provider.GetRequiredService<OperatorFacts>());
        builder.Services.AddSingleton<TwoDevices>().AddHostedService<Chatter>();
        builder.Services.AddHealthChecks().AddPulseMeetE2E(thresholds);
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(E2EDiagnostics.MeterName)
            .AddPrometheusExporter(options => options.ScrapeResponseCacheDurationMilliseconds = 0));

        WebApplication app = builder.Build();
        app.MapPrometheusScrapingEndpoint();
        app.MapHealthChecks("/health");
        return app;
    }
}
