using PulseMeet.E2E.PostgreSql.Media;
using PulseMeet.E2E.PostgreSql.Relay;
using PulseMeet.E2E.PostgreSql.Tests.Support;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.PostgreSql.Tests;

/// <summary>The checks that every relay has to pass, on a real PostgreSQL with an empty database.</summary>
[Collection(OnEmptyPostgres.Name)]
public sealed class ConformanceOnPostgreSql(EmptyPostgres postgres)
{
    public static TheoryData<string> Rules => [.. RelayConformance.Checks.Select(check => check.Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task The_relay_on_PostgreSQL_keeps(string rule)
    {
        var clock = new ManualClock();
        await using EmptyDatabase database = postgres.NewDatabase();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("pulsemeet-media-");
        try
        {
            PostgreSqlRelay relay = database.NewRelay(clock);
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
