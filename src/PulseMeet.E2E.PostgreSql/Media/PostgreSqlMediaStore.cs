using PulseMeet.E2E.PostgreSql.Relay;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.PostgreSql.Media;

/// <summary>Media files in a folder, with what is known of them in the relay's database.</summary>
/// <remarks>A part is durable in its file before the database counts it, and a file exists for readers once all of it is counted.
/// No lock in the database is held while a file is written. Thread-safe; any number of relays share one folder.
/// docs/protocol-relay.md, "Media".</remarks>
public sealed class PostgreSqlMediaStore : IMediaStoreServer
{
    private const int CleaningStep = 1000;

    private readonly RelayDatabase _database;
    private readonly MediaFiles _files;
    private readonly long _quota;
    private readonly TimeProvider _time;

    /// <param name="relay">The relay whose database it uses.</param>
    /// <param name="options">The folder and the quota.</param>
    public PostgreSqlMediaStore(PostgreSqlRelay relay, PostgreSqlMediaOptions options)
    {
        ArgumentNullException.ThrowIfNull(relay);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(options.Directory, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.UserQuota, 1, nameof(options));
        _database = relay.Database;
        _time = relay.Time;
        _files = new MediaFiles(options.Directory);
        _quota = options.UserQuota;
    }

    /// <inheritdoc/>
    public IMediaStore Connect(string userId)
    {
        RelayRequest.IsUser(userId);
        return new ConnectedMedia(userId, _database, _files, _quota, _time);
    }

    /// <inheritdoc/>
    /// <remarks>Also deletes files whose deletion was interrupted.</remarks>
    public async Task CleanUpAsync(CancellationToken cancellationToken = default)
    {
        int gone;
        do
        {
            gone = await _database.SingleAsync(
                "select pulsemeet_e2e_relay.clean_media($1, $2)",
                row => row.GetInt32(0),
                cancellationToken,
                Parameters.Time(_time.GetUtcNow() - RelayLimits.MaxEnvelopeAge),
                Parameters.Integer(CleaningStep)).ConfigureAwait(false);
        }
        while (gone > 0);

        List<long> waste;
        do
        {
            waste = await _database.QueryAsync(
                "select id from pulsemeet_e2e_relay.media_waste order by id limit $1",
                row => row.GetInt64(0),
                cancellationToken,
                Parameters.Integer(CleaningStep)).ConfigureAwait(false);
            waste.ForEach(_files.Delete);
            await _database.RunAsync(
                "delete from pulsemeet_e2e_relay.media_waste where id = any ($1)", cancellationToken, Parameters.Bigints(waste)).ConfigureAwait(false);
        }
        while (waste.Count > 0);
    }
}
