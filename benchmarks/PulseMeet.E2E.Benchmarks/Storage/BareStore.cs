using Microsoft.Data.Sqlite;
using PulseMeet.E2E.Sqlite;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Benchmarks.Storage;

/// <summary>The same rows in the same table, written by nothing but SQLite: one transaction of prepared statements a batch.</summary>
internal sealed class BareStore : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _put;
    private readonly SqliteCommand _delete;

    public BareStore(string path, SqliteDurability durability)
    {
        _connection = new SqliteConnection($"Data Source={path};Pooling=False");
        _connection.Open();
        Execute("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON; PRAGMA synchronous = "
            + (durability == SqliteDurability.Full ? "FULL" : "NORMAL"));
        Execute("CREATE TABLE record (tab INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (tab, key)) STRICT, WITHOUT ROWID");
        _begin = Command("BEGIN IMMEDIATE");
        _commit = Command("COMMIT");
        _put = Command("INSERT INTO record VALUES ($t, $k, $v) ON CONFLICT (tab, key) DO UPDATE SET value = excluded.value", "$t", "$k", "$v");
        _delete = Command("DELETE FROM record WHERE tab = $t AND key = $k", "$t", "$k");
    }

    public void Write(IReadOnlyList<StoreChange> changes)
    {
        _begin.ExecuteNonQuery();
        foreach (StoreChange change in changes)
        {
            SqliteCommand command = change.Value is null ? _delete : _put;
            command.Parameters[0].Value = (long)change.Table;
            command.Parameters[1].Value = change.Key.ToArray();
            if (change.Value is not null)
            {
                command.Parameters[2].Value = change.Value;
            }

            command.ExecuteNonQuery();
        }

        _commit.ExecuteNonQuery();
    }

    public void Dispose()
    {
        _begin.Dispose();
        _commit.Dispose();
        _put.Dispose();
        _delete.Dispose();
        _connection.Dispose();
    }

    private SqliteCommand Command(string text, params ReadOnlySpan<string> parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
#pragma warning disable CA2100 // Fixed texts.
        command.CommandText = text;
#pragma warning restore CA2100
        foreach (string parameter in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
        }

        return command;
    }

    private void Execute(string text)
    {
        using SqliteCommand command = Command(text);
        command.ExecuteNonQuery();
    }
}
