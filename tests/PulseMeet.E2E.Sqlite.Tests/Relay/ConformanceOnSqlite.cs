using PulseMeet.E2E.Sqlite.Relay;
using PulseMeet.E2E.Testing;
using PulseMeet.E2E.Tests.Relay;

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

    [Fact]
    public async Task What_one_user_may_have_offered_ends_at_the_last_item()
    {
        using var folder = new Folder();
        await using var relay = new SqliteRelay(folder.Database, TimeProvider.System);
        await OfferedItems.AreBoundedAsync(relay);
    }
}

/// <summary>What the checks share.</summary>
public sealed class ConformanceFile : IDisposable
{
    private readonly Folder _folder = new();

    public string Path => _folder.Database;

    public void Dispose() => _folder.Dispose();
}
