using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests;

/// <summary>Re-sealing many pulses of few messages each is fast since a pulse is three round trips: a page, its keys, and what is written of it,
/// with the place that it got to, as one transaction. Counted, where a timing would depend on the machine.</summary>
[Collection(AloneOnPostgres.Name)]
public sealed class ResealingIsAFewStatements(PostgresServer server)
{
    [Fact]
    public async Task Another_pulse_costs_three_round_trips()
    {
        int few = await ResealAsync(new LegacyWorld(2, 5, 400));
        int many = await ResealAsync(new LegacyWorld(2, 35, 400));
        Assert.InRange(many - few, 30, 3 * 30);
    }

    /// <summary>How many round trips one user's messages took.</summary>
    private async Task<int> ResealAsync(LegacyWorld world)
    {
        using TestDatabase database = server.NewDatabase();
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        await using NpgsqlDataSource login = database.Login(world.Users[0].Id);
        var roundTrips = new ConcurrentBag<string>();
        using (var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => roundTrips.Add(activity.DisplayName),
        })
        {
            ActivitySource.AddActivityListener(listener);
            MessageMigrationReport report = await Migrated.Messages(login, world.Users[0]).MigrateExistingMessagesAsync();
            Assert.Equal(MessageMigrationOutcome.Completed, report.Outcome);
            Assert.InRange(report.Counts.Migrated, 300, 400);
        }

        return roundTrips.Count;
    }
}
