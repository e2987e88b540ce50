using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Sqlite.Relay;

/// <summary>A small server's relay in one SQLite file: directory, mailboxes, groups, recovery copies.</summary>
/// <remarks>Durable when a call has answered. Several processes may use one file: they answer rightly, but a waiting call hears of what came
/// through another process two seconds later, and signals do not cross. Thread-safe. docs/protocol-relay.md has the rules.</remarks>
public sealed class SqliteRelay : IE2ERelayServer, IAsyncDisposable
{
    private readonly Waiters _waiters = new();

    /// <summary>Opens the file, or makes it.</summary>
    /// <param name="path">The file; its journal lies beside it.</param>
    /// <param name="time">The clock that ages are counted by.</param>
    /// <exception cref="InvalidOperationException">The file is another program's, or of a later version than this package knows.</exception>
    /// <exception cref="E2EException">The file cannot be opened (<see cref="E2EError.RelayUnavailable"/>).</exception>
    public SqliteRelay(string path, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(time);
        Time = time;
        try
        {
            File = new RelayFile(path);
        }
        catch (Microsoft.Data.Sqlite.SqliteException failed)
        {
            throw new E2EException(E2EError.RelayUnavailable, "The relay's file.", failed);
        }
    }

    internal RelayFile File { get; }

    internal TimeProvider Time { get; }

    /// <inheritdoc/>
    public IE2ERelay Connect(DeviceAddress caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return new ConnectedDevice(caller, File, _waiters, Time);
    }

    /// <inheritdoc/>
    public async Task CleanUpAsync(CancellationToken cancellationToken = default)
    {
        DateTimeOffset now = Time.GetUtcNow();
        DateTimeOffset before = now - RelayLimits.MaxEnvelopeAge;
        foreach (long device in await File.RunAsync(
            file => file.Query("select distinct device from item where arrived_at <= $1", row => row.GetInt64(0), before), cancellationToken)
            .ConfigureAwait(false))
        {
            await DoAsync(file => Mailboxes.Drop(file, device, "i.arrived_at <= $2", before.UtcTicks), cancellationToken).ConfigureAwait(false);
        }

        await DoAsync(file => file.Run("delete from seen where arrived_at <= $1", before), cancellationToken).ConfigureAwait(false);
        await DoAsync(file => Groups.CleanUp(file, before), cancellationToken).ConfigureAwait(false);
        await DoAsync(
            file => file.Run("delete from link_answer where arrived_at <= $1", now - RelayLimits.LinkAnswerAge), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the file, after the calls that came before.</summary>
    public ValueTask DisposeAsync() => File.DisposeAsync();

    private Task<bool> DoAsync(Action<RelayTransaction> act, CancellationToken cancellationToken) => File.RunAsync(
        file =>
        {
            act(file);
            return true;
        },
        cancellationToken);
}
