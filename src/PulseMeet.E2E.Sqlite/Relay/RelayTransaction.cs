using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace PulseMeet.E2E.Sqlite.Relay;

/// <summary>One transaction of the relay. Statements are this package's own text and stay prepared; their parameters are $1, $2, …</summary>
internal sealed class RelayTransaction(SqliteTransaction transaction, Dictionary<string, SqliteCommand> commands)
{
    /// <summary>Runs one call's part; what it throws takes back what it did and nothing else.</summary>
    public T Within<T>(Func<RelayTransaction, T> run)
    {
        Run("savepoint call");
        try
        {
            T result = run(this);
            Run("release call");
            return result;
        }
        catch (E2EException)
        {
            Run("rollback to call");
            Run("release call");
            throw;
        }
    }

    public int Run(string sql, params object?[] parameters) => Command(sql, parameters).ExecuteNonQuery();

    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params object?[] parameters)
    {
        using SqliteDataReader reader = Command(sql, parameters).ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    public long? Number(string sql, params object?[] parameters) => Command(sql, parameters).ExecuteScalar() as long?;

    public byte[]? Bytes(string sql, params object?[] parameters) => Command(sql, parameters).ExecuteScalar() as byte[];

    public bool Exists(string sql, params object?[] parameters) => Command(sql, parameters).ExecuteScalar() is not null;

    /// <summary>The id of the row that was inserted last.</summary>
    public long LastId() => Number("select last_insert_rowid()")!.Value;

    /// <summary>An epoch as it compares in the file.</summary>
    public static byte[] Epoch(ulong epoch)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, epoch);
        return bytes;
    }

    public static ulong Epoch(byte[] bytes) => BinaryPrimitives.ReadUInt64BigEndian(bytes);

    private SqliteCommand Command(string sql, object?[] parameters)
    {
        if (!commands.TryGetValue(sql, out SqliteCommand? command))
        {
            commands[sql] = command = new SqliteCommand(sql, transaction.Connection);
            for (int i = 1; i <= parameters.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
            }
        }

        command.Transaction = transaction;
        for (int i = 0; i < parameters.Length; i++)
        {
            command.Parameters[i].Value = parameters[i] switch
            {
                null => DBNull.Value,
                ReadOnlyMemory<byte> memory => Array(memory),
                DateTimeOffset time => time.UtcTicks,
                object value => value,
            };
        }

        return command;
    }

    private static byte[] Array(ReadOnlyMemory<byte> value) =>
        MemoryMarshal.TryGetArray(value, out ArraySegment<byte> segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : value.ToArray();
}
