using Npgsql;
using PulseMeet.E2E.PostgreSql.Media;
using PulseMeet.E2E.PostgreSql.Relay;
using PulseMeet.E2E.PostgreSql.Tests.Support;
using PulseMeet.E2E.Testing;
using PulseMeet.E2E.Tests.Relay;

namespace PulseMeet.E2E.PostgreSql.Tests;

/// <summary>The checks that every relay has to pass, on a real PostgreSQL: one database, on which each check has a relay with a clock
/// of its own, and finds what the checks before it left.</summary>
[Collection(OnEmptyPostgres.Name)]
public sealed class ConformanceOnPostgreSql(ConformanceDatabase database) : IClassFixture<ConformanceDatabase>
{
    public static TheoryData<string> Rules => [.. RelayConformance.Checks.Select(check => check.Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task The_relay_on_PostgreSQL_keeps(string rule)
    {
        var clock = new ManualClock();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("pulsemeet-media-");
        try
        {
            await using var relay = new PostgreSqlRelay(
                database.Source, new PostgreSqlRelayOptions { PollInterval = TimeSpan.FromHours(1) }, clock);
            var media = new PostgreSqlMediaStore(relay, new PostgreSqlMediaOptions { Directory = folder.FullName });
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
            await RelayConformance.Checks.Single(check => check.Name == rule).RunAsync(
                new(relay, media, clock), patience.Token);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

/// <summary>A bound that takes thousands of offers to reach.</summary>
[Collection(OnEmptyPostgres.Name)]
public sealed class OffersOnPostgreSql(EmptyPostgres postgres)
{
    [Fact]
    public async Task What_one_user_may_have_offered_ends_at_the_last_item()
    {
        await using EmptyDatabase database = postgres.NewDatabase();
        await OfferedItems.AreBoundedAsync(database.NewRelay());
    }
}

/// <summary>What the checks share.</summary>
public sealed class ConformanceDatabase(EmptyPostgres postgres) : IAsyncLifetime
{
    private readonly EmptyDatabase _database = postgres.NewDatabase();

    public NpgsqlDataSource Source => field ??= _database.NewSource();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _database.DisposeAsync();
}
