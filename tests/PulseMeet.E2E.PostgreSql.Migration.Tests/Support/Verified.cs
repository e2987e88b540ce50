using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

/// <summary>A legacy world in a database of its own that has been expanded, wrapped and verified: where most tests begin.</summary>
internal sealed class Verified(TestDatabase database, LegacyWorld world, X25519KeyPair recovery) : IDisposable
{
    /// <param name="server">Where the database is made.</param>
    /// <param name="legacy">The world that is written.</param>
    /// <param name="world">What is changed in it before.</param>
    /// <param name="database">What is changed in the database after it was written and before the migration begins.</param>
    public static async Task<Verified> CreateAsync(
        PostgresServer server, LegacyWorld legacy, Action<LegacyWorld>? world = null, Action<TestDatabase>? database = null)
    {
        var verified = new Verified(server.NewDatabase(), legacy, X25519KeyPair.Generate());
        (TestDatabase made, _, X25519KeyPair recovery) = verified;
        world?.Invoke(legacy);
        legacy.WriteTo(made.Owner);
        database?.Invoke(made);
        await Migrated.ToVerifiedAsync(made, recovery.PublicKey);
        return verified;
    }

    public void Deconstruct(out TestDatabase madeDatabase, out LegacyWorld writtenWorld, out X25519KeyPair recoveryKeys) =>
        (madeDatabase, writtenWorld, recoveryKeys) = (database, world, recovery);

    public void Dispose()
    {
        database.Dispose();
        recovery.Dispose();
    }
}
