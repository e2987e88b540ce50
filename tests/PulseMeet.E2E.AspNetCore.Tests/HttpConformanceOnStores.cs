using Npgsql;
using PulseMeet.E2E.DependencyInjection;
using PulseMeet.E2E.PostgreSql;
using PulseMeet.E2E.Sqlite;
using PulseMeet.E2E.Testing;
using PulseMeet.E2E.Tests.Postgres;

namespace PulseMeet.E2E.AspNetCore.Tests;

/// <summary>Every rule of docs/protocol-relay.md holds from end to end on each durable store that a host may choose (in memory:
/// <see cref="HttpConformance"/>): the HTTP client, Kestrel, the store; one relay for all checks.</summary>
public sealed class HttpConformanceOnStores : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pulsemeet-stores-");

    [Fact]
    public Task All_rules_hold_over_HTTP_on_SQLite() => RunAsync(relay => relay.UseSqlite(Path.Combine(_folder.FullName, "relay.db")));

    [Fact]
    public async Task All_rules_hold_over_HTTP_on_PostgreSQL()
    {
        using var postgres = new PostgresCluster();
        string database = postgres.Create();
        await using (NpgsqlDataSource source = NpgsqlDataSource.Create(database))
        {
            await RunAsync(relay => relay.UsePostgreSql(source, media: new() { Directory = _folder.FullName }));
        }

        postgres.Drop(database);
    }

    [Fact]
    public async Task The_store_that_was_chosen_last_counts()
    {
        string file = Path.Combine(_folder.FullName, "last.db");
        await using (await RelayHost.StartAsync(store: relay => relay.UseSqlite(file).UseInMemory()))
        {
            Assert.False(File.Exists(file));
        }

        await using (await RelayHost.StartAsync(store: relay => relay.UseInMemory().UseSqlite(file)))
        {
            Assert.True(File.Exists(file));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task RunAsync(Action<IE2ERelayBuilder> store)
    {
        await using RelayHost host = await RelayHost.StartAsync(store: store);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        foreach (ConformanceCheck<RelayUnderTest> check in RelayConformance.Checks)
        {
            try
            {
                await check.RunAsync(new(host, host, host.Clock), patience.Token);
            }
            catch (ConformanceException broken)
            {
                throw new ConformanceException($"{check.Name} {broken.Message}", broken);
            }
        }
    }
}
