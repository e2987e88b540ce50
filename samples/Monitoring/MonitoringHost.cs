using OpenTelemetry.Metrics;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Hosting;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Testing;

namespace Monitoring;

/// <summary>A host whose clients talk to each other, with Prometheus metrics at <c>/metrics</c> and alerts at <c>/health</c>.</summary>
public static class MonitoringHost
{
    /// <param name="args">The command line, such as <c>--urls http://127.0.0.1:9464</c>.</param>
    /// <param name="thresholds">Changes thresholds of alerts; null for the defaults.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public static WebApplication Create(string[] args, Action<HealthOptions>? thresholds = null, TimeProvider? time = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        builder.Services.AddPulseMeetE2E(builder.Configuration);
        foreach (string user in (string[])["alice", "bob"])
        {
            var account = new ChatAccount(user);
            account.AddTo(builder.Services, builder.Configuration);
            builder.Services.AddKeyedSingleton(user, account);
        }

        // A relay that can be away: while it is not honest, every request is lost.
        builder.Services.AddSingleton(provider => new UnreliableRelayServer(
            new InMemoryRelay(provider.GetRequiredService<TimeProvider>()), new RelayFaults { LostRequests = 1 }, seed: 1) { IsHonest = true });
        builder.Services.AddSingleton<OperatorFacts>().AddSingleton<IHealthFacts>(provider => provider.GetRequiredService<OperatorFacts>());
        builder.Services.AddSingleton<TwoClients>().AddHostedService<Chatter>();
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
