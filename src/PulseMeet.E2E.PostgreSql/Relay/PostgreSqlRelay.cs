using Npgsql;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.PostgreSql.Relay;

/// <summary>The relay on a PostgreSQL database (15 or newer): directory, mailboxes, groups, recovery copies.</summary>
/// <remarks>
/// Any number of relays work on one database; none keeps anything that another would need. Its tables lie in the schema
/// <c>pulsemeet_e2e_relay</c>, which it makes and upgrades by itself. Every call is one statement and one round trip, so that no
/// lock in the database ever waits for a relay. Thread-safe. docs/protocol-relay.md has the rules, docs/protocol-postgresql.md
/// the tables.
/// </remarks>
public sealed class PostgreSqlRelay : IE2ERelayServer, IAsyncDisposable
{
    private const int CleaningStep = 1000;

    private readonly RelayDatabase _database;
    private readonly Notifications _notifications;
    private readonly PostgreSqlRelayOptions _options;
    private readonly TimeProvider _time;

    /// <param name="source">The database. Not disposed. Needs sessions: a pool that hands a connection out by transaction loses
    /// prepared statements and notifications.</param>
    /// <param name="options">How the relay uses the database.</param>
    /// <param name="time">The clock that ages are counted by.</param>
    public PostgreSqlRelay(NpgsqlDataSource source, PostgreSqlRelayOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        _options = options;
        _time = time;
        _database = new RelayDatabase(source, options);
        _notifications = new Notifications(_database);
    }

    internal RelayDatabase Database => _database;

    internal TimeProvider Time => _time;

    /// <summary>Makes the schema, or brings it up to this package's version. Any number of times, by any number of relays at
    /// once.</summary>
    /// <param name="cancellationToken">Stops waiting; the schema is as it was, or as it is to be.</param>
    /// <exception cref="InvalidOperationException">The schema is of a later version than this package knows.</exception>
    public Task MigrateAsync(CancellationToken cancellationToken = default) => _database.MigrateAsync(cancellationToken);

    /// <inheritdoc/>
    public IE2ERelay Connect(DeviceAddress caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return new ConnectedDevice(caller, _database, _notifications, _options, _time);
    }

    /// <inheritdoc/>
    public async Task CleanUpAsync(CancellationToken cancellationToken = default)
    {
        DateTimeOffset now = _time.GetUtcNow();
        await CleanAsync("clean_mailboxes", now - RelayLimits.MaxEnvelopeAge, cancellationToken).ConfigureAwait(false);
        await CleanAsync("clean_records", now - RelayLimits.MaxEnvelopeAge, cancellationToken).ConfigureAwait(false);
        await CleanAsync("clean_link_answers", now - RelayLimits.LinkAnswerAge, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops listening for notifications. The data source stays open.</summary>
    public async ValueTask DisposeAsync()
    {
        await _notifications.DisposeAsync().ConfigureAwait(false);
        _database.Dispose();
    }

    private async Task CleanAsync(string function, DateTimeOffset before, CancellationToken cancellationToken)
    {
        int gone;
        do
        {
            gone = await _database.SingleAsync(
                $"select pulsemeet_e2e_relay.{function}($1, $2)",
                row => row.GetInt32(0),
                cancellationToken,
                Parameters.Time(before),
                Parameters.Integer(CleaningStep)).ConfigureAwait(false);
        }
        while (gone > 0);
    }
}
