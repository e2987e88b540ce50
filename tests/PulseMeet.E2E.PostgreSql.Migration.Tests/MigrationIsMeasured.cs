using System.Diagnostics.Metrics;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests;

/// <summary>A migration counts what it does, by few fixed tags, and a found key raises the alert.</summary>
[Collection(AloneOnPostgres.Name)]
public sealed class MigrationIsMeasured(PostgresServer server)
{
    private static readonly string[] s_outcomes = ["resealed", "left_to_author", "left_for_keys", "taken_by_others", "wrapped", "unserved"];

    [Fact]
    public async Task Progress_failures_and_found_keys_are_on_the_meter_and_say_nothing_of_whom()
    {
        using TestDatabase database = server.NewDatabase();
        var world = new LegacyWorld(8, 2, 120);
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        using var emitted = new Meters();
        using var health = new HealthMonitor(new HealthOptions { MigrationFailureShare = 0 }, TimeProvider.System);

        Assert.NotEmpty(await PlaintextCheck.RunAsync(database.Owner));
        Assert.True(emitted.Sum("pulsemeet.e2e.plaintext_keys") > 0);
        Assert.Contains(HealthAlert.PlaintextKeys, health.Assess(new HealthFacts()));

        await Migrated.ToVerifiedAsync(database, recovery.PublicKey);
        Assert.Equal(
            database.Scalar<long>("select count(*) from public.conversation_keys"), emitted.Sum("pulsemeet.e2e.migration.items", "wrapped"));

        LegacyUser user = world.Users[0];
        await using Npgsql.NpgsqlDataSource source = database.Login(user.Id);
        MessageMigrationReport report = await Migrated.Messages(source, user).MigrateExistingMessagesAsync();
        Assert.Equal(report.Counts.Migrated, emitted.Sum("pulsemeet.e2e.migration.items", "resealed"));
        Assert.Equal(report.Counts.LeftForKeys, emitted.Sum("pulsemeet.e2e.migration.items", "left_for_keys"));
        Assert.Equal(report.Counts.Failed, emitted.Failures("message"));
        Assert.True(report.Counts.Failed > 0);
        Assert.Contains(HealthAlert.MigrationFailures, health.Assess(new HealthFacts()));

        Assert.All(emitted.Tags, tag => Assert.Contains((string)tag.Value!, (IEnumerable<string>)(tag.Key switch
        {
            "pulsemeet.e2e.migration.kind" => ["message", "key"],
            "pulsemeet.e2e.migration.outcome" => s_outcomes,
            "error.type" => [.. Enum.GetNames<E2EError>(), "malformed_symmetric_key"],
            _ => [],
        })));
    }

    private sealed class Meters : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Lock _lock = new();
        private readonly List<(string Name, long Value, KeyValuePair<string, object?>[] Tags)> _seen = [];

        public Meters()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name.StartsWith("pulsemeet.e2e.migration", StringComparison.Ordinal) || instrument.Name == "pulsemeet.e2e.plaintext_keys")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            {
                lock (_lock)
                {
                    _seen.Add((instrument.Name, value, tags.ToArray()));
                }
            });
            _listener.Start();
        }

        public IEnumerable<KeyValuePair<string, object?>> Tags => _seen.SelectMany(one => one.Tags);

        public long Sum(string name, string? outcome = null) => _seen
            .Where(one => one.Name == name && (outcome is null || one.Tags.Any(tag => Equals(tag.Value, outcome)))).Sum(one => one.Value);

        public long Failures(string kind) => _seen
            .Where(one => one.Tags.Any(tag => Equals(tag.Value, kind)) && one.Tags.Any(tag => tag.Key == "error.type")).Sum(one => one.Value);

        public void Dispose() => _listener.Dispose();
    }
}
