using Microsoft.Data.Sqlite;

namespace PulseMeet.E2E.Sqlite;

/// <summary>What SQLite's result codes mean for whoever uses the store.</summary>
/// <remarks>https://www.sqlite.org/rescode.html. The texts of SQLite name tables and files, never contents.</remarks>
internal static class SqliteFailure
{
    private const int Error = 1;
    private const int Busy = 5;
    private const int Locked = 6;
    private const int Corrupt = 11;
    private const int Constraint = 19;
    private const int Mismatch = 20;
    private const int NotADatabase = 26;

    public static E2EException Translate(SqliteException e, bool opening) => e.SqliteErrorCode switch
    {
        // Fixed statements meet "no such table", a constraint or a mismatch where the tables were changed.
        Error or Corrupt or NotADatabase or Constraint or Mismatch => new E2EException(E2EError.StoreDamaged, "The file is damaged, or no store.", e),
        Busy or Locked => opening
            ? new E2EException(E2EError.StoreInUse, "Another program has locked the file.", e)
            : new E2EException(E2EError.StoreFailed, "Another program has locked the file.", e),
        _ => new E2EException(E2EError.StoreFailed, "SQLite could not read or write the file.", e),
    };

    /// <summary>Runs what touches the file, and translates its failures.</summary>
    public static T Catch<T>(Func<T> action, bool opening = false)
    {
        try
        {
            return action();
        }
        catch (SqliteException e)
        {
            throw Translate(e, opening);
        }
        catch (Exception e) when (e is InvalidCastException || e.GetType() == typeof(InvalidOperationException))
        {
            // A row that is not there, or NULL where the tables have none.
            throw new E2EException(E2EError.StoreDamaged, "A row of the file is not what it was written as.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new E2EException(E2EError.StoreFailed, "The file cannot be read or written.", e);
        }
    }
}
