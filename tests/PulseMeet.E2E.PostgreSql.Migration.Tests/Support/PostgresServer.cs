using System.Diagnostics;
using Npgsql;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests.Support;

/// <summary>A real PostgreSQL for all tests: the one that PULSEMEET_E2E_TEST_POSTGRES names, or a throwaway cluster.</summary>
public sealed class PostgresServer : IDisposable
{
    private readonly string? _directory;
    private int _databases;

    public PostgresServer()
        : this(Environment.GetEnvironmentVariable("PULSEMEET_E2E_TEST_POSTGRES"))
    {
    }

    internal PostgresServer(string? connectionString)
    {
        if (connectionString is null)
        {
            _directory = Path.Combine(Path.GetTempPath(), "pulsemeet-pg-" + Guid.NewGuid().ToString("N")[..12]);
            connectionString = Script("start", _directory).Trim();
        }

        ConnectionString = connectionString;
        Execute(connectionString, $"drop database if exists {Template}");
        Execute(connectionString, $"create database {Template}");
        string template = With(connectionString, Template);
        Execute(template, File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Files", "legacy-schema.sql")));
    }

    public string ConnectionString { get; }

    private string Template { get; } = $"pulsemeet_template_{Environment.ProcessId}";

    /// <summary>A database of its own with the empty legacy schema.</summary>
    public TestDatabase NewDatabase()
    {
        string name = $"pulsemeet_test_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}";
        Execute(ConnectionString, $"create database {name} template {Template}");
        return new TestDatabase(With(ConnectionString, name), () =>
            Execute(ConnectionString, $"drop database if exists {name} with (force)"));
    }

    /// <summary>Stops the server as a crash does, and starts it again. Only for a cluster of the test's own.</summary>
    public void Crash() => Script("restart", _directory!, "immediate");

    public void Dispose()
    {
        NpgsqlConnection.ClearAllPools();
        if (_directory is not null)
        {
            Script("stop", _directory);
        }
        else
        {
            Execute(ConnectionString, $"drop database if exists {Template}");
        }
    }

    internal static void Execute(string connectionString, string sql)
    {
        using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        command.ExecuteNonQuery();
    }

    private static string With(string connectionString, string database) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Database = database }.ConnectionString;

    private static string Script(params string[] arguments)
    {
        string script = Path.Combine(AppContext.BaseDirectory, "postgres.sh");
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(script);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"postgres.sh {arguments[0]} failed: {errors.Result}");
    }
}

[CollectionDefinition(Name)]
public sealed class OnPostgres : ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL";
}
