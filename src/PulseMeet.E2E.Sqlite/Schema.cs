using Microsoft.Data.Sqlite;

namespace PulseMeet.E2E.Sqlite;

/// <summary>The tables of a store's file, and what marks it as one.</summary>
internal static class Schema
{
    /// <summary>"PME2": SQLite's application id.</summary>
    private const int ApplicationId = 0x504D4532;

    /// <summary>Rises when the tables change.</summary>
    private const int Version = 1;

    private const string Create = """
        BEGIN IMMEDIATE;
        CREATE TABLE store (
            id INTEGER PRIMARY KEY CHECK (id = 1), generation INTEGER NOT NULL, revision INTEGER NOT NULL,
            owner TEXT NOT NULL, checkpoints INTEGER NOT NULL) STRICT;
        CREATE TABLE record (
            tab INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (tab, key)) STRICT, WITHOUT ROWID;
        INSERT INTO store VALUES (1, 0, 0, '', 0);
        PRAGMA application_id = 1347241266;
        PRAGMA user_version = 1;
        COMMIT;
        """;

    /// <summary>Makes the tables in a new file, and checks an existing one. Nothing is written to a file that is not this store's.</summary>
    /// <exception cref="E2EException">Another program's file, or one without its tables (<see cref="E2EError.StoreDamaged"/>), or a
    /// later version's (<see cref="E2EError.UnsupportedVersion"/>).</exception>
    public static void Ensure(SqliteConnection connection, bool wasThere)
    {
        long application = Read(connection, "PRAGMA application_id");
        long version = Read(connection, "PRAGMA user_version");
        if (application == 0 && version == 0 && !wasThere && Read(connection, "SELECT COUNT(*) FROM sqlite_schema") == 0)
        {
            Run(connection, Create);
        }
        else if (application != ApplicationId)
        {
            throw new E2EException(E2EError.StoreDamaged, "The file is no store.");
        }
        else if (version != Version)
        {
            throw new E2EException(E2EError.UnsupportedVersion, "The file was written by a later version.");
        }
    }

    public static void Run(SqliteConnection connection, string text)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    public static long Read(SqliteConnection connection, string text)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = text;
        return (long)command.ExecuteScalar()!;
    }
}
