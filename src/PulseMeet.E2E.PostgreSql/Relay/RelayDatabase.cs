using System.Data.Common;
using System.Globalization;
using Npgsql;

namespace PulseMeet.E2E.PostgreSql.Relay;

/// <summary>Runs the relay's statements, each a transaction of its own, prepared on its connection, in one round trip.</summary>
/// <remarks>Thread-safe. A statement whose connection broke is run once more: every call may be repeated.</remarks>
internal sealed class RelayDatabase(NpgsqlDataSource source, PostgreSqlRelayOptions options) : IDisposable
{
    // What the relay's functions raise: E2E and the number of the reason.
    private const string ReasonPrefix = "E2E";

    private readonly SemaphoreSlim _migrating = new(1, 1);
    private volatile bool _isReady;

    public NpgsqlDataSource Source => source;

    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await RelaySchema.MigrateAsync(source, options.UsesPlatformRoles, cancellationToken).ConfigureAwait(false);
        _isReady = true;
    }

    /// <summary>Runs one statement and reads all rows.</summary>
    /// <param name="sql">This package's own text; what comes from outside travels in parameters.</param>
    /// <param name="read">Reads one row.</param>
    /// <param name="cancellationToken">Stops waiting; the statement has then happened or not.</param>
    /// <param name="parameters">By position. Used again where the statement is repeated.</param>
    public async Task<List<T>> QueryAsync<T>(
        string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        try
        {
            await ReadyAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await RunAsync(sql, read, parameters, cancellationToken).ConfigureAwait(false);
            }
            catch (NpgsqlException broken) when (MayBeRepeated(broken))
            {
                return await RunAsync(sql, read, [.. parameters.Select(parameter => parameter.Clone())], cancellationToken).ConfigureAwait(false);
            }
        }
        catch (PostgresException refused) when (refused.SqlState.StartsWith(ReasonPrefix, StringComparison.Ordinal))
        {
            throw new E2EException((E2EError)int.Parse(refused.SqlState.AsSpan(ReasonPrefix.Length), CultureInfo.InvariantCulture));
        }
        catch (DbException failed)
        {
            throw new E2EException(E2EError.RelayUnavailable, "The relay's database.", failed);
        }
    }

    public async Task<T> SingleAsync<T>(
        string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, params NpgsqlParameter[] parameters) =>
        (await QueryAsync(sql, read, cancellationToken, parameters).ConfigureAwait(false))[0];

    public Task RunAsync(string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters) =>
        QueryAsync(sql, static _ => true, cancellationToken, parameters);

    public void Dispose() => _migrating.Dispose();

    private static bool MayBeRepeated(NpgsqlException broken) =>
        broken.InnerException is IOException or System.Net.Sockets.SocketException
        || broken.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure
            or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown;

    private async Task<List<T>> RunAsync<T>(
        string sql, Func<NpgsqlDataReader, T> read, NpgsqlParameter[] parameters, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = (int)Math.Ceiling(options.StatementTimeout.TotalSeconds) };
        command.Parameters.AddRange(parameters);
        await command.PrepareAsync(cancellationToken).ConfigureAwait(false);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        List<T> rows = [];
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private async ValueTask ReadyAsync(CancellationToken cancellationToken)
    {
        if (_isReady)
        {
            return;
        }

        await _migrating.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isReady && options.MigrateBeforeFirstCall)
            {
                await MigrateAsync(cancellationToken).ConfigureAwait(false);
            }

            _isReady = true;
        }
        finally
        {
            _migrating.Release();
        }
    }
}
