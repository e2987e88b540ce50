using Microsoft.Data.Sqlite;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Sqlite;

/// <summary>A connection that reads. Each read sees whole batches, also while one is written. For one caller at a time.</summary>
internal sealed class Reader : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Statement _read;
    private readonly Statement _scan;
    private readonly Statement _owner;

    private Reader(SqliteConnection connection)
    {
        _connection = connection;
        _read = new Statement(_connection, "SELECT value FROM record WHERE tab = $0 AND key = $1", 2);
        _scan = new Statement(
            _connection,
            "SELECT key, value FROM record WHERE tab = $0 AND key > $1 AND key >= $2 AND ($3 IS NULL OR key < $3) ORDER BY key LIMIT $4",
            5);
        _owner = new Statement(_connection, "SELECT owner FROM store", 0);
    }

    /// <returns>Null where the file has no tables yet.</returns>
    /// <exception cref="E2EException">The file is another program's or a later version's, as for <see cref="Schema.IsMade"/>.</exception>
    public static Reader? TryOpen(string path, SqliteStoreOptions options)
    {
        SqliteConnection connection = Connections.Open(path, options, create: false);
        try
        {
            if (Schema.IsMade(connection))
            {
                return new Reader(connection);
            }
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        connection.Dispose();
        return null;
    }

    public byte[]? Read(byte table, ReadOnlyMemory<byte> key)
    {
        using SqliteDataReader row = _read.Read((long)table, key.ToArray());
        return row.Read() ? row.GetFieldValue<byte[]>(0) : null;
    }

    public IReadOnlyList<StoreRecord> Scan(byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max)
    {
        List<StoreRecord> found = [];
        object above = (object?)Above(prefix.Span) ?? DBNull.Value;
        using SqliteDataReader row = _scan.Read((long)table, after.ToArray(), prefix.ToArray(), above, (long)max);
        while (row.Read())
        {
            found.Add(new StoreRecord(row.GetFieldValue<byte[]>(0), row.GetFieldValue<byte[]>(1)));
        }

        return found;
    }

    public string Owner()
    {
        using SqliteDataReader row = _owner.Read();
        return row.Read() ? row.GetString(0) : string.Empty;
    }

    public void Dispose()
    {
        _read.Dispose();
        _scan.Dispose();
        _owner.Dispose();
        _connection.Dispose();
    }

    /// <summary>The lowest key above all with a prefix; null where there is none.</summary>
    private static byte[]? Above(ReadOnlySpan<byte> prefix)
    {
        int last = prefix.LastIndexOfAnyExcept((byte)255);
        if (last < 0)
        {
            return null;
        }

        byte[] above = prefix[..(last + 1)].ToArray();
        above[last]++;
        return above;
    }
}
