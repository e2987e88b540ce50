using PulseMeet.E2E.Tests.Postgres;

namespace PulseMeet.E2E.PostgreSql.Tests.Support;

/// <summary>A real PostgreSQL with empty databases.</summary>
public sealed class EmptyPostgres : PostgresCluster
{
    public EmptyPostgres()
    {
    }

    internal EmptyPostgres(bool isShared)
        : base(isShared)
    {
    }

    public EmptyDatabase NewDatabase()
    {
        string database = Create();
        return new EmptyDatabase(database, () => Drop(database));
    }
}

[CollectionDefinition(Name)]
public sealed class OnEmptyPostgres : ICollectionFixture<EmptyPostgres>
{
    public const string Name = "empty PostgreSQL";
}
