using PulseMeet.E2E.Tests.Postgres;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

/// <summary>A real PostgreSQL for all tests, with databases that have the legacy schema.</summary>
public sealed class PostgresServer : PostgresCluster
{
    private static readonly Lock s_making = new();

    private readonly string _template;

    public PostgresServer()
        : this(isShared: true)
    {
    }

    internal PostgresServer(bool isShared)
        : base(isShared)
    {
        _template = Create();

        // It makes roles, which databases of one server share.
        lock (s_making)
        {
            Execute(_template, File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Files", "legacy-schema.sql")));
        }
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

/// <summary>Runs beside the first, on a server of its own.</summary>
[CollectionDefinition(Name)]
public sealed class OnAnotherPostgres : ICollectionFixture<PostgresServer>
{
    public const string Name = "another PostgreSQL";
}

/// <summary>For what looks at all that the process does: nothing else runs meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneOnPostgres : ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL, alone";
}
