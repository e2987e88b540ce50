using Npgsql;
using PulseMeet.E2E.PostgreSql.Relay;

namespace PulseMeet.E2E.PostgreSql.Tests.Support;

/// <summary>One test's database, empty, and relays on it.</summary>
public sealed class EmptyDatabase(string connectionString, Action drop) : IAsyncDisposable
{
    private readonly List<PostgreSqlRelay> _relays = [];
    private readonly List<NpgsqlDataSource> _sources = [];

    public string ConnectionString => connectionString;

    /// <summary>A relay with connections of its own, as on another machine. It looks by itself once an hour only, unless told
    /// otherwise: what wakes a waiting call is a notification.</summary>
    public PostgreSqlRelay NewRelay(TimeProvider? time = null, PostgreSqlRelayOptions? options = null)
    {
        var relay = new PostgreSqlRelay(
            NewSource(), options ?? new PostgreSqlRelayOptions { PollInterval = TimeSpan.FromHours(1) }, time ?? TimeProvider.System);
        _relays.Add(relay);
        return relay;
    }

    public NpgsqlDataSource NewSource(string options = "")
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = 20 };
        if (options.Length > 0)
        {
            builder.Options = options;
        }

        NpgsqlDataSource source = NpgsqlDataSource.Create(builder);
        _sources.Add(source);
        return source;
    }

    public void Run(string sql) => PulseMeet.E2E.Tests.Postgres.PostgresCluster.Execute(connectionString, sql);

    public T Scalar<T>(string sql)
    {
        using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return (T)command.ExecuteScalar()!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (PostgreSqlRelay relay in _relays)
        {
            await relay.DisposeAsync();
        }

        foreach (NpgsqlDataSource source in _sources)
        {
            await source.DisposeAsync();
        }

        drop();
    }
}
