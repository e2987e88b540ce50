using PulseMeet.E2E.PostgreSql.Tests.Support;
using PulseMeet.E2E.RelayRules;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.PostgreSql.Tests;

[Collection(OnEmptyPostgres.Name)]
public sealed class RulesOnPostgreSql(EmptyPostgres server) : RelayRules.RelayRules
{
    protected override Task<RulesWorld> NewAsync()
    {
        EmptyDatabase database = server.NewDatabase();
        var clock = new ManualClock(DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
        return Task.FromResult(new RulesWorld(database.NewRelay(clock), clock, database.DisposeAsync));
    }
}
