using Microsoft.Data.Sqlite;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Sqlite;

/// <summary>The one connection that writes, while its process holds the store. For one caller at a time.</summary>
internal sealed class Writer : IDisposable
{
    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly Statement _begin;
    private readonly Statement _state;
    private readonly Statement _put;
    private readonly Statement _delete;
    private readonly Statement _next;
    private readonly Statement _commit;

    public Writer(string path, SqliteStoreOptions options, bool wasThere)
    {
        _path = path;
        _connection = Connections.Open(path, options, create: true);
        try
        {
            Schema.Ensure(_connection, wasThere);
            Connections.PrepareToWrite(_connection, options.Durability);
        }
        catch
        {
            _connection.Dispose();
            throw;
        }

        _begin = new Statement(_connection, "BEGIN IMMEDIATE", 0);
        _state = new Statement(_connection, "SELECT generation, revision FROM store", 0);
        _put = new Statement(
            _connection, "INSERT INTO record VALUES ($0, $1, $2) ON CONFLICT (tab, key) DO UPDATE SET value = excluded.value", 3);
        _delete = new Statement(_connection, "DELETE FROM record WHERE tab = $0 AND key = $1", 2);
        _next = new Statement(_connection, "UPDATE store SET revision = revision + 1", 0);
        _commit = new Statement(_connection, "COMMIT", 0);
    }

    /// <summary>Bytes in the journal.</summary>
    public long JournalSize => new FileInfo(_path + "-wal") is { Exists: true } journal ? journal.Length : 0;

    /// <summary>Begins a new generation.</summary>
    /// <param name="owner">Who has the store now.</param>
    /// <param name="least">The generation is above this one, also where the database is an older copy.</param>
    public (long Generation, long Revision) Take(string owner, long least)
    {
        using Statement take = new(
            _connection, "UPDATE store SET generation = MAX(generation, $0) + 1, owner = $1 RETURNING generation, revision", 2);
        using SqliteDataReader row = take.Read(least, owner);
        row.Read();
        var taken = (row.GetInt64(0), row.GetInt64(1));
        row.Read();
        return taken;
    }

    /// <exception cref="E2EException">Another generation (<see cref="E2EError.StoreInUse"/>) or revision
    /// (<see cref="E2EError.StoreConflict"/>).</exception>
    public void Commit(long generation, long expectedRevision, IReadOnlyList<StoreChange> changes) => InTransaction(generation, revision =>
    {
        if (revision != expectedRevision)
        {
            throw new E2EException(E2EError.StoreConflict);
        }

        foreach (StoreChange change in changes)
        {
            if (change.Value is { } value)
            {
                _put.Run((long)change.Table, change.Key.ToArray(), value);
            }
            else
            {
                _delete.Run((long)change.Table, change.Key.ToArray());
            }
        }

        _next.Run();
    });

    /// <summary>Deletes all records; the file shrinks to nothing but its tables, and the journal is emptied.</summary>
    /// <exception cref="E2EException">Another generation (<see cref="E2EError.StoreInUse"/>), or somebody reads for so long that
    /// copies stay (<see cref="E2EError.StoreFailed"/>).</exception>
    public void Wipe(long generation)
    {
        InTransaction(generation, _ => Schema.Run(_connection, "DELETE FROM record; UPDATE store SET revision = 0"));
        EmptyJournal();
        Schema.Run(_connection, "VACUUM");
        EmptyJournal();
    }

    /// <summary>Empties the journal, and waits for those who read from it.</summary>
    /// <exception cref="E2EException">They read for too long (<see cref="E2EError.StoreFailed"/>).</exception>
    public void EmptyJournal()
    {
        long deadline = Environment.TickCount64 + _connection.DefaultTimeout * 1000L;
        while (!TryEmptyJournal())
        {
            if (Environment.TickCount64 > deadline)
            {
                throw new E2EException(E2EError.StoreFailed, "The journal cannot be emptied while another program reads it.");
            }

            Thread.Sleep(2);
        }
    }

    /// <summary>Moves the journal's pages into the file and empties it, so that no copy of what was overwritten stays. Then writes
    /// the journal's beginning anew, which would cost the next batch a second sync.</summary>
    /// <returns>False where somebody still reads from it.</returns>
    public bool TryEmptyJournal()
    {
        if (Schema.Read(_connection, "PRAGMA wal_checkpoint(TRUNCATE)") != 0)
        {
            return false;
        }

        Schema.Run(_connection, "UPDATE store SET checkpoints = checkpoints + 1");
        return true;
    }

    public void Dispose()
    {
        foreach (Statement statement in new[] { _begin, _state, _put, _delete, _next, _commit })
        {
            statement.Dispose();
        }

        _connection.Dispose();
    }

    private (long Generation, long Revision) ReadState()
    {
        using SqliteDataReader row = _state.Read();
        row.Read();
        return (row.GetInt64(0), row.GetInt64(1));
    }

    private void InTransaction(long generation, Action<long> write)
    {
        _begin.Run();
        try
        {
            (long holder, long revision) = ReadState();
            if (holder != generation)
            {
                throw new E2EException(E2EError.StoreInUse, "The lease was lost.");
            }

            write(revision);
            _commit.Run();
        }
        catch
        {
            // SQLite ends the transaction itself after some errors: then there is nothing to roll back.
            if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0)
            {
                Schema.Run(_connection, "ROLLBACK");
            }

            throw;
        }
    }
}
