using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Sqlite.Relay;

/// <summary>Sealed media files in a relay's SQLite file.</summary>
/// <remarks>docs/protocol-relay.md, "Media". The file grows with what is put and does not shrink: what is deleted makes room for what comes.
/// Thread-safe.</remarks>
public sealed class SqliteMediaStore : IMediaStoreServer
{
    /// <summary>What one user may have begun where nothing else is said, in bytes: 1 GiB.</summary>
    public const long DefaultQuota = 1L << 30;

    private readonly SqliteRelay _relay;
    private readonly long _quota;

    /// <param name="relay">The relay whose file it uses.</param>
    /// <param name="quota">The most bytes, by announced length, that one user may have begun; 1 or more.</param>
    public SqliteMediaStore(SqliteRelay relay, long quota = DefaultQuota)
    {
        ArgumentNullException.ThrowIfNull(relay);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(quota);
        _relay = relay;
        _quota = quota;
    }

    /// <inheritdoc/>
    public IMediaStore Connect(string userId)
    {
        RelayRequest.IsUser(userId);
        return new ConnectedMedia(userId, _relay.File, _quota, _relay.Time);
    }

    /// <inheritdoc/>
    public async Task CleanUpAsync(CancellationToken cancellationToken = default)
    {
        DateTimeOffset before = _relay.Time.GetUtcNow() - RelayLimits.MaxEnvelopeAge;
        foreach (long media in await _relay.File.RunAsync(
            file => file.Query("select id from media where received < length and begun_at <= $1", row => row.GetInt64(0), before), cancellationToken)
            .ConfigureAwait(false))
        {
            await _relay.File.RunAsync(file => Media.Delete(file, media), cancellationToken).ConfigureAwait(false);
        }
    }
}
