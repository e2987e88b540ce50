using PulseMeet.E2E.Sqlite.Relay;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Sqlite.Tests.Relay;

/// <summary>The checks that every relay has to pass, on a file of its own each; and all on one file, which is opened anew for each.</summary>
public sealed class ConformanceOnSqlite
{
    public static TheoryData<string> Rules => [.. RelayConformance.Checks.Select(check => check.Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task The_relay_on_SQLite_keeps(string rule)
    {
        using var folder = new Folder();
        await RunAsync(folder, RelayConformance.Checks.Single(check => check.Name == rule));
    }

    [Fact]
    public async Task The_relay_on_SQLite_keeps_all_rules_on_a_file_that_others_have_used()
    {
        using var folder = new Folder();
        foreach (ConformanceCheck<RelayUnderTest> check in RelayConformance.Checks)
        {
            await RunAsync(folder, check);
        }
    }

    private static async Task RunAsync(Folder folder, ConformanceCheck<RelayUnderTest> check)
    {
        var clock = new ManualClock();
        await using var relay = new SqliteRelay(folder.Database, clock);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await check.RunAsync(new(relay, new SqliteMediaStore(relay), clock), patience.Token);
    }
}
