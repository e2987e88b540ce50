using System.Diagnostics;
using Npgsql;

namespace PulseMeet.E2E.Tests.Postgres;

/// <summary>A real PostgreSQL for tests: the one that PULSEMEET_E2E_TEST_POSTGRES names, or a throwaway cluster that goes when it is
/// disposed.</summary>
public class PostgresCluster : IDisposable
{
    private static int s_databases;

    private readonly string? _directory;

    /// <param name="isShared">Whether the named one will do; otherwise a cluster of its own, which may be crashed.</param>
    public PostgresCluster(bool isShared = true)
    {
        string? named = isShared ? Environment.GetEnvironmentVariable("PULSEMEET_E2E_TEST_POSTGRES") : null;
        if (named is null)
        {
            _directory = Path.Combine(Path.GetTempPath(), "pulsemeet-pg-" + Guid.NewGuid().ToString("N")[..12]);
            named = Script("start", _directory).Trim();
        }

        ConnectionString = named;
    }

    public string ConnectionString { get; }

    /// <summary>A new database, empty or a copy of a template that nobody is connected to.</summary>
    public string Create(string? template = null)
    {
        string name = $"pulsemeet_{Environment.ProcessId}_{Interlocked.Increment(ref s_databases)}";
        Execute(ConnectionString, $"create database {name}" + (template is null ? string.Empty : $" template {NameOf(template)}"));
        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name }.ConnectionString;
    }

    public void Drop(string database) => Execute(ConnectionString, $"drop database if exists {NameOf(database)} with (force)");

    /// <summary>Stops the server as a crash does, and starts it again. Only for a cluster of the test's own.</summary>
    public void Crash() => Script("restart", _directory!, "immediate");

    public static void Execute(string connectionString, string sql)
    {
        using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        NpgsqlConnection.ClearAllPools();
        if (_directory is not null)
        {
            Script("stop", _directory);
        }
    }

    private static string NameOf(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString).Database!;

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
