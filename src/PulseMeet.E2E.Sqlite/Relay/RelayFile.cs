using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace PulseMeet.E2E.Sqlite.Relay;

/// <summary>The relay's database file: one connection, which takes the calls in their order. All that came while one transaction was
/// being written go into the next together, so that many calls cost one sync.</summary>
/// <remarks>Each call has a savepoint of its own: what one refuses touches no other. Thread-safe.</remarks>
internal sealed class RelayFile : IAsyncDisposable
{
    private const int MaxTogether = 256;

    private readonly Channel<RelayWork> _calls = Channel.CreateUnbounded<RelayWork>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _commands = [];
    private readonly Task _working;

    public RelayFile(string path)
    {
        _connection = RelaySchema.Open(path);
        _working = Task.Run(WorkAsync);
    }

    /// <summary>Runs within a transaction; what it throws takes back what it did.</summary>
    /// <exception cref="E2EException">What was thrown, or the file cannot be read or written
    /// (<see cref="E2EError.RelayUnavailable"/>).</exception>
    public async Task<T> RunAsync<T>(Func<RelayTransaction, T> run, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var work = new RelayWork<T>(run);
        if (!_calls.Writer.TryWrite(work))
        {
            throw new E2EException(E2EError.RelayUnavailable, "The relay's file is closed.");
        }

        return await work.AnswerAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the file, after the calls that came before.</summary>
    public async ValueTask DisposeAsync()
    {
        _calls.Writer.TryComplete();
        await _working.ConfigureAwait(false);
        foreach (SqliteCommand command in _commands.Values)
        {
            await command.DisposeAsync().ConfigureAwait(false);
        }

        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private async Task WorkAsync()
    {
        List<RelayWork> together = [];
        while (await _calls.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            together.Clear();
            while (together.Count < MaxTogether && _calls.Reader.TryRead(out RelayWork? work))
            {
                if (work.TryBegin())
                {
                    together.Add(work);
                }
            }

            if (together.Count > 0)
            {
                Write(together);
            }
        }
    }

    private void Write(List<RelayWork> together)
    {
        try
        {
            using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
            var file = new RelayTransaction(transaction, _commands);
            together.ForEach(work => work.Do(file));
            transaction.Commit();
        }
        catch (SqliteException failed)
        {
            var unavailable = new E2EException(E2EError.RelayUnavailable, "The relay's file.", failed);
            together.ForEach(work => work.Fail(unavailable));
            return;
        }
#pragma warning disable CA1031 // A mistake in one call must not end the work of all: whoever waits hears of it.
        catch (Exception mistake)
        {
            together.ForEach(work => work.Fail(mistake));
            return;
        }
#pragma warning restore CA1031

        together.ForEach(work => work.Answer());
    }
}
