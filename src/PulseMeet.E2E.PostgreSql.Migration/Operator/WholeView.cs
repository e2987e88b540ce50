using Npgsql;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>Counts what is there, or says that it cannot see: a role that row level security would filter is refused, so that
/// no count of zero comes from looking away.</summary>
internal static class WholeView
{
    public static async Task<T> OfAsync<T>(NpgsqlConnection connection, Func<Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            // PostgreSQL then fails where a policy would hide rows, in place of hiding them.
            await connection.RunAsync("set row_security = off", cancellationToken).ConfigureAwait(false);
            return await read().ConfigureAwait(false);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new MigrationException(
                MigrationRefusal.CannotSee,
                $"This role does not see every row, so that no count would be true ({exception.MessageText}). "
                + "Log in as the owner of the tables, or as a role with BYPASSRLS that may read them.");
        }
    }
}
