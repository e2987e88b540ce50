using System.Diagnostics;
using Npgsql;

namespace PulseMeet.E2E.PostgreSql.Tests.Support;

/// <summary>A real PostgreSQL with empty databases: the one that PULSEMEET_E2E_TEST_POSTGRES names, or a throwaway cluster.</summary>
public sealed class EmptyPostgres : IDisposable
{
    private readonly string? _directory;
    private int _databases;

    public EmptyPostgres()
        : this(Environment.GetEnvironmentVariable("PULSEMEET_E2E_TEST_POSTGRES"))
    {
    }

    internal EmptyPostgres(string? connectionString)
    {
        if (connectionString is null)
        {
            _directory = Path.Combine(Path.GetTempPath(), "pulsemeet-pg-" + Guid.NewGuid().ToString("N")[..12]);
            connectionString = Script("start", _directory).Trim();
        }

        ConnectionString = connectionString;
    }

    public string ConnectionString { get; }

    public EmptyDatabase NewDatabase()
    {
        string name = $"pulsemeet_relay_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}";
        Execute(ConnectionString, $"create database {name}");
        return new EmptyDatabase(
            new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name }.ConnectionString,
            () => Execute(ConnectionString, $"drop database if exists {name} with (force)"));
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
    }

    internal static void Execute(string connectionString, string sql)
    {
        using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        command.ExecuteNonQuery();
    }

    private static string Script(params string[] arguments)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "postgres.sh"));
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
public sealed class OnEmptyPostgres : ICollectionFixture<EmptyPostgres>
{
    public const string Name = "empty PostgreSQL";
}
