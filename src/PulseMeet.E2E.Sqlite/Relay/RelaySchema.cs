using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;

namespace PulseMeet.E2E.Sqlite.Relay;

/// <summary>Opens a relay's file with what the relay relies on, and makes its tables in a new one.</summary>
internal static class RelaySchema
{
    private const int Version = 1;

    /// <summary>"PMER": SQLite's application id.</summary>
    private const int ApplicationId = 0x504D4552;

    /// <exception cref="InvalidOperationException">Another program's file, or of a later version.</exception>
    public static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        try
        {
            connection.Open();
            Migrate(connection);

            // Durable when committed: one sync of the log for each transaction, on Apple's systems as far as the medium.
            Run(connection, null, "pragma journal_mode = wal; pragma synchronous = full; pragma fullfsync = on; pragma checkpoint_fullfsync = on");
            Run(connection, null, "pragma trusted_schema = off; pragma cell_size_check = on; pragma temp_store = memory; pragma journal_size_limit = 67108864");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Migrate(SqliteConnection connection)
    {
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
        if (Number(transaction, "select count(*) from sqlite_schema") > 0)
        {
            if (Number(transaction, "pragma application_id") != ApplicationId)
            {
                throw new InvalidOperationException("The file is not a relay's.");
            }

            long there = Number(transaction, "pragma user_version");
            if (there != Version)
            {
                throw new InvalidOperationException($"The relay's file has version {there}; this package knows {Version}. Use a newer package.");
            }

            return;
        }

        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("relay-schema.sql")!;
        using var reader = new StreamReader(stream);
        Run(connection, transaction, reader.ReadToEnd());
        Run(connection, transaction, string.Create(
            CultureInfo.InvariantCulture, $"pragma application_id = {ApplicationId}; pragma user_version = {Version}"));
        transaction.Commit();
    }

    private static long Number(SqliteTransaction transaction, string sql)
    {
        using var command = new SqliteCommand(sql, transaction.Connection, transaction);
        return (long)command.ExecuteScalar()!;
    }

    private static void Run(SqliteConnection connection, SqliteTransaction? transaction, string sql)
    {
        using var command = new SqliteCommand(sql, connection, transaction);
        command.ExecuteNonQuery();
    }
}
