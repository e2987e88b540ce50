using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Monitoring;
using PulseMeet.E2E.Diagnostics;

namespace PulseMeet.E2E.Hosting.Tests;

/// <summary>The sample runs, is scraped over HTTP, and shows each alert when its cause is there.</summary>
public sealed partial class TheMonitoringSample : IAsyncLifetime, IDisposable
{
    private readonly HttpClient _http = new();

    /// <summary>A busy machine, where a first derivation takes long, is no alert here.</summary>
    private readonly WebApplication _app = MonitoringHost.Create(
        ["--urls", "http://127.0.0.1:0"], options => options.MeanDerivationLimit = TimeSpan.FromHours(1));

    public async Task InitializeAsync()
    {
        await _app.StartAsync();
        _http.BaseAddress = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public async Task DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    public void Dispose() => _http.Dispose();

    [Theory]
    [InlineData("rules.yml")]
    [InlineData("dashboard.json")]
    public async Task Every_name_in_the_rules_and_the_dashboard_is_in_the_scrape(string file)
    {
        await ProvokeAsync(HealthAlert.OpeningFailuresRising);
        _ = await HealthAsync();
        Dictionary<string, string[]> scraped = Parse(await _http.GetStringAsync("/metrics"));
        string text = await File.ReadAllTextAsync(file);
        string[] names = [.. MetricName().Matches(text).Select(match => match.Value).Where(name => !IsLabel(name)).Distinct()];
        Assert.True(names.Length > 3);
        Assert.All(names, name => Assert.Contains(name, scraped.Keys));
        string[] labels = [.. MetricName().Matches(text).Select(match => match.Value).Where(IsLabel).Distinct()];
        Assert.All(labels, label => Assert.Contains(scraped.Values, all => all.Any(one => one.Contains(label + "=", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Every_alert_has_a_rule_and_the_dashboard_reads()
    {
        string rules = await File.ReadAllTextAsync("rules.yml");
        Assert.All(Enum.GetNames<HealthAlert>(), alert => Assert.Contains($"- alert: {alert}\n", rules, StringComparison.Ordinal));
        JsonNode dashboard = JsonNode.Parse(await File.ReadAllTextAsync("dashboard.json"))!;
        Assert.All(dashboard["panels"]!.AsArray(), panel => Assert.NotNull(panel!["targets"]![0]!["expr"]));
    }

    [Theory]
    [InlineData(HealthAlert.OpeningFailuresRising)]
    [InlineData(HealthAlert.PreKeysRunningOut)]
    [InlineData(HealthAlert.CertificateEnding)]
    [InlineData(HealthAlert.PlaintextKeys)]
    [InlineData(HealthAlert.MigrationFailures)]
    [InlineData(HealthAlert.StoreRolledBack)]
    [InlineData(HealthAlert.RelayUnreachable)]
    public async Task Each_alert_is_seen_in_health_and_in_the_scrape_when_its_cause_is_there(HealthAlert alert)
    {
        Assert.Equal("Healthy", await HealthAsync());
        Assert.Equal("0", await ScrapedAsync(alert));
        await ProvokeAsync(alert);
        Assert.Equal(alert is HealthAlert.PlaintextKeys or HealthAlert.StoreRolledBack ? "Unhealthy" : "Degraded", await HealthAsync());
        Assert.Equal("1", await ScrapedAsync(alert));
    }

    [Fact]
    public async Task A_derivation_over_the_limit_is_seen_too()
    {
        await using WebApplication strict = MonitoringHost.Create(
            ["--urls", "http://127.0.0.1:0"], options => options.MeanDerivationLimit = TimeSpan.FromTicks(1));
        await strict.StartAsync();
        using var http = new HttpClient
        {
            BaseAddress = new Uri(strict.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
        };
        Assert.Equal("Degraded", await http.GetStringAsync("/health"));
        await strict.StopAsync();
    }

    /// <summary>Where Prometheus is installed, its own tool reads the rules and plays their test.</summary>
    [Fact]
    public void Promtool_accepts_the_rules_and_their_test_where_it_is_installed()
    {
        if (Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "promtool")).FirstOrDefault(File.Exists) is { } tool)
        {
            Assert.Equal(0, Run(tool, "check", "rules", "rules.yml"));
            Assert.Equal(0, Run(tool, "test", "rules", "rules.test.yml"));
        }

        static int Run(string tool, params string[] arguments)
        {
            using Process process = Process.Start(tool, arguments);
            process.WaitForExit();
            return process.ExitCode;
        }
    }

    private static bool IsLabel(string name) => name is "pulsemeet_e2e_alert" or "pulsemeet_e2e_handshake_role" or "pulsemeet_e2e_derivation_kind";

    /// <summary>Lines of the exposition by their name; a line of another form fails the test.</summary>
    private static Dictionary<string, string[]> Parse(string exposition) => exposition
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => line[0] != '#')
        .Select(line => Sample().Match(line))
        .Select(match => match.Success ? match : throw new FormatException("Not a line of the exposition."))
        .GroupBy(match => match.Groups[1].Value, match => match.Value)
        .ToDictionary(group => group.Key, group => group.ToArray());

    private async Task ProvokeAsync(HealthAlert alert)
    {
        OperatorFacts facts = _app.Services.GetRequiredService<OperatorFacts>();
        TwoDevices devices = _app.Services.GetRequiredService<TwoDevices>();
        switch (alert)
        {
            case HealthAlert.OpeningFailuresRising:
                devices.Garble(20);
                break;
            case HealthAlert.PreKeysRunningOut:
                await devices.DrawPreKeysAsync(left: 5, CancellationToken.None);
                await devices.TalkAsync(CancellationToken.None);
                break;
            case HealthAlert.CertificateEnding:
                facts.Known = new() { CertificateEnds = TimeProvider.System.GetUtcNow().AddDays(1) };
                break;
            case HealthAlert.PlaintextKeys:
                facts.Known = new() { PlaintextKeys = 3 };
                break;
            case HealthAlert.MigrationFailures:
                facts.Known = new() { MigrationTried = 100, MigrationFailed = 6 };
                break;
            case HealthAlert.StoreRolledBack:
                facts.Known = new() { IsStoreRolledBack = true };
                break;
            default:
                facts.Known = new() { IsRelayReachable = false };
                break;
        }
    }

    private async Task<string> HealthAsync()
    {
        using HttpResponseMessage response = await _http.GetAsync("/health");
        return await response.Content.ReadAsStringAsync();
    }

    private async Task<string> ScrapedAsync(HealthAlert alert)
    {
        string line = Parse(await _http.GetStringAsync("/metrics"))["pulsemeet_e2e_health_alert"]
            .Single(one => one.Contains($"\"{alert}\"", StringComparison.Ordinal));
        return Sample().Match(line).Groups[2].Value;
    }

    [GeneratedRegex("pulsemeet_e2e_[a-z0-9_]+")]
    private static partial Regex MetricName();

    [GeneratedRegex("^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{.*\\})? ([-+0-9.eE]+|NaN|[-+]Inf)(?: [0-9]+)?$")]
    private static partial Regex Sample();
}
