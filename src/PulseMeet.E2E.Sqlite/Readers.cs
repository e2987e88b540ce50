using System.Collections.Concurrent;

namespace PulseMeet.E2E.Sqlite;

/// <summary>The connections that read: as many as there are readers at once, a few of which stay open.</summary>
internal sealed class Readers(string path, SqliteStoreOptions options)
{
    private const int MaxIdle = 4;

    private readonly ConcurrentStack<Reader> _idle = new();

    /// <returns>What was read; the default where there is no file yet.</returns>
    public T? Read<T>(Func<Reader, T> read) => SqliteFailure.Catch(() =>
    {
        if (!_idle.TryPop(out Reader? reader))
        {
            reader = File.Exists(path) ? Reader.TryOpen(path, options) : null;
            if (reader is null)
            {
                return default;
            }
        }

        T result;
        try
        {
            result = read(reader);
        }
        catch
        {
            reader.Dispose();
            throw;
        }

        Return(reader);
        return result;
    });

    /// <summary>Closes the connections that nobody uses.</summary>
    public void Close()
    {
        while (_idle.TryPop(out Reader? reader))
        {
            reader.Dispose();
        }
    }

    private void Return(Reader reader)
    {
        if (_idle.Count < MaxIdle)
        {
            _idle.Push(reader);
        }
        else
        {
            reader.Dispose();
        }
    }
}
