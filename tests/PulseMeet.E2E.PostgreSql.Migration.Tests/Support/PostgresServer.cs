using PulseMeet.E2E.Tests.Postgres;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

/// <summary>A real PostgreSQL for all tests, with databases that have the legacy schema.</summary>
public sealed class PostgresServer : PostgresCluster
{
    private readonly string _template;

    public PostgresServer()
        : this(isShared: true)
    {
    }

    internal PostgresServer(bool isShared)
        : base(isShared)
    {
        _template = Create();
        Execute(_template, File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Files", "legacy-schema.sql")));
    }

    /// <summary>A database of its own with the empty legacy schema.</summary>
    public TestDatabase NewDatabase()
    {
        string database = Create(_template);
        return new TestDatabase(database, () => Drop(database));
    }

    protected override void Dispose(bool disposing)
    {
        Drop(_template);
        base.Dispose(disposing);
    }
}

[CollectionDefinition(Name)]
public sealed class OnPostgres : ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL";
}
