using System.Collections.Concurrent;
using System.Diagnostics;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests;

/// <summary>Wrapping is fast since a batch of keys is a few statements, however many copies come of it: counted, where a timing would depend on
/// the machine.</summary>
[Collection(AloneOnPostgres.Name)]
public sealed class WrappingIsAFewStatements(PostgresServer server)
{
    [Fact]
    public async Task Many_times_the_copies_in_a_batch_cost_no_more_statements()
    {
        (int fewStatements, long fewCopies) = await WrapAsync(new LegacyWorld(9, 3, 0));
        (int statements, long copies) = await WrapAsync(new LegacyWorld(120, 80, 0));
        Assert.True(copies >= 10 * fewCopies, $"{copies} copies beside {fewCopies}");

        // What cannot be wrapped is written down by a statement of its own: for each of two tables, in each of two passes.
        Assert.InRange(statements, fewStatements, fewStatements + 4);
        Assert.True(copies > 5 * statements, $"{statements} statements for {copies} copies");
    }

    /// <summary>How many statements wrapping all keys of a database took, and how many copies there are then.</summary>
    private async Task<(int Statements, long Copies)> WrapAsync(LegacyWorld world)
    {
        using TestDatabase database = server.NewDatabase();
        world.WriteTo(database.Owner);
        using var recovery = X25519KeyPair.Generate();
        await Migrated.Schema(database).ExpandAsync();
        var commands = new ConcurrentBag<string>();
        using (var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => commands.Add(activity.DisplayName),
        })
        {
            ActivitySource.AddActivityListener(listener);
            await Migrated.Schema(database).WrapAsync(recovery.PublicKey);
        }

        Assert.NotEmpty(commands);
        return (commands.Count, database.Scalar<long>("select count(*) from public.conversation_keys"));
    }
}
