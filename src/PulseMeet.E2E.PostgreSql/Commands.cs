using System.Runtime.CompilerServices;
using Npgsql;

namespace PulseMeet.E2E.PostgreSql;

/// <summary>One statement with positional parameters, prepared on the server after its first uses.</summary>
internal static class Commands
{
    public static async Task<int> RunAsync(
        this NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using NpgsqlCommand command = Create(connection, sql, parameters);
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    public static async Task<object?> ScalarAsync(
        this NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using NpgsqlCommand command = Create(connection, sql, parameters);
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
    }

    public static async IAsyncEnumerable<NpgsqlDataReader> QueryAsync(
        this NpgsqlConnection connection,
        string sql,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        params object[] parameters)
    {
        await using NpgsqlCommand command = Create(connection, sql, parameters);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return reader;
        }
    }

    /// <summary>Adds values in their order: the first is $1.</summary>
    public static void AddValues(this NpgsqlParameterCollection collection, object[] values) =>
        Array.ForEach(values, value => collection.Add(new NpgsqlParameter { Value = value }));

    private static NpgsqlCommand Create(NpgsqlConnection connection, string sql, object[] parameters)
    {
        // The statements are this package's own text; what comes from outside travels in parameters.
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        command.Parameters.AddValues(parameters);
        return command;
    }
}
