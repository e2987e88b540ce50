using Microsoft.Data.Sqlite;

namespace PulseMeet.E2E.Sqlite;

/// <summary>A prepared statement over a table and keys.</summary>
internal sealed class Statement : IDisposable
{
    private readonly SqliteCommand _command;

    /// <param name="connection">Where it runs.</param>
    /// <param name="text">With the parameters $0, $1 and so on.</param>
    /// <param name="parameters">How many.</param>
    public Statement(SqliteConnection connection, string text, int parameters)
    {
        _command = connection.CreateCommand();
        _command.CommandText = text;
        for (int i = 0; i < parameters; i++)
        {
            _command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        }
    }

    public SqliteDataReader Read(params ReadOnlySpan<object> values)
    {
        Bind(values);
        return _command.ExecuteReader();
    }

    public int Run(params ReadOnlySpan<object> values)
    {
        Bind(values);
        return _command.ExecuteNonQuery();
    }

    public void Dispose() => _command.Dispose();

    private void Bind(ReadOnlySpan<object> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            _command.Parameters[i].Value = values[i];
        }
    }
}
