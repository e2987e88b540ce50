using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Monitoring;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Hosting.Tests;

/// <summary>The sample runs, is scraped over HTTP, and shows each alert when its cause is there.</summary>
public sealed partial class TheMonitoringSample : IAsyncLifetime, IDisposable
{
    private readonly HttpClient _http = new();
    private readonly ManualClock _clock = new();
    private readonly WebApplication _app;
    private Provocations _provocations = null!;

    /// <summary>A busy machine, where a first derivation takes long, is no alert here. A client fills its prekeys up when half of the hundred
    /// are gone, so that the default limit of ten is out of a test's reach.</summary>
    public TheMonitoringSample() => _app = MonitoringHost.Create(
        ["--urls", "http://127.0.0.1:0"],
        options =>
        {
            options.MeanDerivationLimit = TimeSpan.FromHours(1);
            options.PreKeyMinimum = 90;
        },
        _clock);

    public async Task InitializeAsync()
    {
        await _app.StartAsync();
        _provocations = new Provocations(_app.Services, _clock);
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
        await _provocations.LoseAsync();
        await _provocations.CauseAsync(HealthAlert.OpeningFailuresRising);
        await _provocations.CauseAsync(HealthAlert.StoreRolledBack);
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
        await _provocations.CauseAsync(alert);
        Assert.Equal(alert is HealthAlert.PlaintextKeys or HealthAlert.StoreRolledBack ? "Unhealthy" : "Degraded", await HealthAsync());
        Assert.Equal("1", await ScrapedAsync(alert));
    }

    [Fact]
    public async Task The_relays_alert_ends_when_it_answers_again()
    {
        await _provocations.TakeRelayAwayAsync();
        Assert.Equal("Degraded", await HealthAsync());
        Assert.Equal("0", await SampledAsync("pulsemeet_e2e_relay_reachable"));
        await _provocations.BringRelayBackAsync();
        Assert.Equal("Healthy", await HealthAsync());
        Assert.Equal("1", await SampledAsync("pulsemeet_e2e_relay_reachable"));
    }

    [Fact]
    public async Task The_two_go_on_talking_after_all_of_it()
    {
        await _provocations.LoseAsync();
        await _provocations.CauseAsync(HealthAlert.OpeningFailuresRising);
        await _provocations.CauseAsync(HealthAlert.StoreRolledBack);
        await _provocations.CauseAsync(HealthAlert.RelayUnreachable);
        await _provocations.BringRelayBackAsync();
        await _provocations.SayToBobAsync("after all of it");
        await _provocations.SayToAliceAsync("indeed");
    }

    [Fact]
    public async Task What_was_said_while_the_relay_was_away_arrives_when_it_is_back()
    {
        await _provocations.TakeRelayAwayAsync();
        E2EException refused = await Assert.ThrowsAsync<E2EException>(
            () => _app.Services.GetRequiredService<TwoClients>().TalkAsync(CancellationToken.None));
        Assert.Equal(E2EError.RelayUnavailable, refused.Reason);
        Assert.Equal("Degraded", await HealthAsync());
        await _provocations.BringRelayBackAsync();
        await _provocations.FindAtBobsAsync("How are you?");
        Assert.Equal("Healthy", await HealthAsync());
    }

    /// <summary>What is measured is judged: no fact is told.</summary>
    [Theory]
    [InlineData(HealthAlert.SlowDerivation)]
    [InlineData(HealthAlert.CertificateEnding)]
    public async Task A_measurement_over_a_limit_is_seen_too(HealthAlert alert)
    {
        await using WebApplication strict = MonitoringHost.Create(
            ["--urls", "http://127.0.0.1:0"],
            options =>
            {
                bool isSlow = alert == HealthAlert.SlowDerivation;
                options.MeanDerivationLimit = isSlow ? TimeSpan.FromTicks(1) : TimeSpan.FromHours(1);
                options.CertificateWarning = isSlow ? TimeSpan.Zero : TimeSpan.FromDays(10_000);
            });
        await strict.StartAsync();
        using var http = new HttpClient
        {
            BaseAddress = new Uri(strict.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
        };
        Assert.Equal("Degraded", await http.GetStringAsync("/health"));
        Assert.Equal("1", Scraped(await http.GetStringAsync("/metrics"), alert));
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

    private static bool IsLabel(string name) => name is "pulsemeet_e2e_alert" or "pulsemeet_e2e_handshake_role"
        or "pulsemeet_e2e_derivation_kind" or "pulsemeet_e2e_missing_state" or "pulsemeet_e2e_repair_by" or "pulsemeet_e2e_queue"
        or "pulsemeet_e2e_commit_by";

    /// <summary>Lines of the exposition by their name; a line of another form fails the test.</summary>
    private static Dictionary<string, string[]> Parse(string exposition) => exposition
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => line[0] != '#')
        .Select(line => Sample().Match(line))
        .Select(match => match.Success ? match : throw new FormatException("Not a line of the exposition."))
        .GroupBy(match => match.Groups[1].Value, match => match.Value)
        .ToDictionary(group => group.Key, group => group.ToArray());

    private async Task<string> HealthAsync()
    {
        using HttpResponseMessage response = await _http.GetAsync("/health");
        return await response.Content.ReadAsStringAsync();
    }

    private async Task<string> ScrapedAsync(HealthAlert alert) => Scraped(await _http.GetStringAsync("/metrics"), alert);

    private static string Scraped(string exposition, HealthAlert alert) => Sample().Match(Parse(exposition)["pulsemeet_e2e_health_alert"]
        .Single(one => one.Contains($"\"{alert}\"", StringComparison.Ordinal))).Groups[2].Value;

    private async Task<string> SampledAsync(string name) =>
        Sample().Match(Assert.Single(Parse(await _http.GetStringAsync("/metrics"))[name])).Groups[2].Value;

    [GeneratedRegex("pulsemeet_e2e_[a-z0-9_]+")]
    private static partial Regex MetricName();

    [GeneratedRegex("^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{.*\\})? ([-+0-9.eE]+|NaN|[-+]Inf)(?: [0-9]+)?$")]
    private static partial Regex Sample();
}
