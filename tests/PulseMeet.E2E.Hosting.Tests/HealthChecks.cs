using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Hosting.Tests;

/// <summary>The alerts as a health check in a generic host.</summary>
public sealed class HealthChecks
{
    [Fact]
    public async Task Without_a_cause_it_is_healthy()
    {
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(new HealthFacts())).Status);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(facts: (IHealthFacts?)null)).Status);
    }

    [Fact]
    public async Task What_weakens_is_degraded_and_names_the_alerts()
    {
        HealthReportEntry entry = await CheckAsync(new HealthFacts
        {
            IsRelayReachable = false,
            CertificateEnds = TimeProvider.System.GetUtcNow().AddDays(1),
            MigrationTried = 10,
            MigrationFailed = 1,
        });
        Assert.Equal(HealthStatus.Degraded, entry.Status);
        Assert.Equal("CertificateEnding, MigrationFailures, RelayUnreachable", entry.Description);
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(0, true)]
    public async Task Keys_that_lie_open_and_a_store_that_was_put_back_are_unhealthy(long plaintextKeys, bool? isRolledBack) => Assert.Equal(
        HealthStatus.Unhealthy, (await CheckAsync(new HealthFacts { PlaintextKeys = plaintextKeys, IsStoreRolledBack = isRolledBack })).Status);

    [Fact]
    public async Task Facts_that_cannot_be_read_are_unhealthy() =>
        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(new BrokenFacts())).Status);

    [Fact]
    public async Task The_monitor_listens_from_the_hosts_start_on()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddHealthChecks().AddPulseMeetE2E(options => options.MeanDerivationLimit = TimeSpan.FromTicks(1));
        using IHost host = builder.Build();
        await host.StartAsync();
        using X25519KeyPair own = X25519KeyPair.Generate();
        using X25519KeyPair peer = X25519KeyPair.Generate();
        new KeyDerivationService(new KeyDerivationOptions(), TimeProvider.System)
            .DeriveConversationKeys(own, peer.PublicKey, new ConversationContext("c")).Dispose();
        HealthReport report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        Assert.Equal("SlowDerivation", report.Entries[HealthChecksBuilderExtensions.DefaultName].Description);
        await host.StopAsync();
    }

    [Fact]
    public async Task A_threshold_outside_its_range_stops_the_start()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddHealthChecks().AddPulseMeetE2E(options => options.MigrationFailureShare = 2);
        using IHost host = builder.Build();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => host.StartAsync());
    }

    private static Task<HealthReportEntry> CheckAsync(HealthFacts? facts) => CheckAsync(facts is null ? null : new FixedFacts(facts));

    private static async Task<HealthReportEntry> CheckAsync(IHealthFacts? facts)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddHealthChecks().AddPulseMeetE2E(name: "keys");
        if (facts is not null)
        {
            services.AddSingleton(facts);
        }

        await using ServiceProvider provider = services.BuildServiceProvider();
        return (await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["keys"];
    }

    private sealed class FixedFacts(HealthFacts facts) : IHealthFacts
    {
        public ValueTask<HealthFacts> ReadAsync(CancellationToken cancellationToken) => ValueTask.FromResult(facts);
    }

    private sealed class BrokenFacts : IHealthFacts
    {
        public ValueTask<HealthFacts> ReadAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("The database is away.");
    }
}
