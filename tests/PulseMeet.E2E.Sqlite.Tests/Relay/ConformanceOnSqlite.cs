using PulseMeet.E2E.Sqlite.Relay;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Sqlite.Tests.Relay;

/// <summary>The checks that every relay has to pass, on one file: each check opens it anew, with a clock of its own, and finds what the
/// checks before it left.</summary>
public sealed class ConformanceOnSqlite(ConformanceFile file) : IClassFixture<ConformanceFile>
{
    public static TheoryData<string> Rules => [.. RelayConformance.Checks.Select(check => check.Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task The_relay_on_SQLite_keeps(string rule)
    {
        var clock = new ManualClock();
        await using var relay = new SqliteRelay(file.Path, clock);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await RelayConformance.Checks.Single(check => check.Name == rule).RunAsync(
            new(relay, new SqliteMediaStore(relay), clock), patience.Token);
    }
}

/// <summary>What the checks share.</summary>
public sealed class ConformanceFile : IDisposable
{
    private readonly Folder _folder = new();

    public string Path => _folder.Database;

    public void Dispose() => _folder.Dispose();
}
