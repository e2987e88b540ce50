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
        if (IsMade(connection))
        {
            return;
        }

        if (wasThere)
        {
            throw NoStore();
        }

        Run(connection, Create);
    }

    /// <summary>Whether the tables are there; false for a file in which nothing is yet.</summary>
    /// <exception cref="E2EException">As for <see cref="Ensure"/>.</exception>
    public static bool IsMade(SqliteConnection connection)
    {
        // Counted first: the tables may be made between two of these, and come with the marks.
        bool isEmpty = Read(connection, "SELECT COUNT(*) FROM sqlite_schema") == 0;
        long application = Read(connection, "PRAGMA application_id");
        long version = Read(connection, "PRAGMA user_version");
        if (isEmpty && application == 0 && version == 0)
        {
            return false;
        }

        return application != ApplicationId ? throw NoStore()
            : version != Version ? throw new E2EException(E2EError.UnsupportedVersion, "The file was written by a later version.")
            : true;
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

    private static E2EException NoStore() => new(E2EError.StoreDamaged, "The file is no store.");
}
