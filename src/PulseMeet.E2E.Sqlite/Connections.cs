using Microsoft.Data.Sqlite;

namespace PulseMeet.E2E.Sqlite;

/// <summary>Opens connections to a store's file, each with what the store relies on.</summary>
internal static class Connections
{
    public static SqliteConnection Open(string path, SqliteStoreOptions options, bool create)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = create ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = Math.Max(1, (int)Math.Ceiling(options.BusyTimeout.TotalSeconds)),
            Vfs = options.Vfs,
        }.ToString());
        try
        {
            connection.Open();
            Schema.Run(connection, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>What a connection that writes has: one sync a batch or none, deleted bytes overwritten, and a journal that is
    /// emptied when the store says so. On Apple's systems a sync reaches the medium with F_FULLFSYNC alone.</summary>
    public static void PrepareToWrite(SqliteConnection connection, SqliteDurability durability)
    {
        using (SqliteCommand command = connection.CreateCommand())
        {
            command.CommandText = "PRAGMA journal_mode = WAL";
            if (command.ExecuteScalar() is not "wal")
            {
                throw new E2EException(E2EError.StoreFailed, "The file system has no room for a write-ahead log.");
            }
        }

        Schema.Run(connection, "PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON");
        Schema.Run(connection, durability == SqliteDurability.Full
            ? "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON"
            : "PRAGMA synchronous = NORMAL");
    }
}
