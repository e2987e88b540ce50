using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Sqlite;

/// <content>How the store is taken, watched, handed over and given back.</content>
public sealed partial class SqliteStore
{
    /// <summary>How often the holder looks whether the store is wanted, or its journal is too old.</summary>
    private static readonly TimeSpan s_watchEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>How often whoever asked looks whether the store is free.</summary>
    private static readonly TimeSpan s_askEvery = TimeSpan.FromMilliseconds(20);

    /// <inheritdoc/>
    public async Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default)
    {
        StoreLimits.CheckOwner(owner);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        Lease? previous = _lease;
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (previous is not null && !handover)
            {
                throw InUse();
            }

            End();
            LockFile file = await TakeLockAsync(handover, cancellationToken).ConfigureAwait(false);
            _lease = await Task.Run(() => SqliteFailure.Catch(() => Take(file, owner), opening: true), CancellationToken.None)
                .ConfigureAwait(false);
            _watch.Change(s_watchEvery, s_watchEvery);
            return _lease.Given;
        }
        finally
        {
            _turn.Release();
            if (previous is not null && previous != _lease)
            {
                await previous.TellAsync().ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lease);
        return EndAsync(held => held.Generation == lease.Generation, cancellationToken);
    }

    /// <summary>Gives the lease back and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndAsync(_ => true, CancellationToken.None).ConfigureAwait(false);
        _disposed = true;
        _readers.Close();
        await _watch.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<LockFile> TakeLockAsync(bool handover, CancellationToken cancellationToken)
    {
        LockFile? file = SqliteFailure.Catch(() => LockFile.TryTake(_path));
        if (file is null && handover)
        {
            long deadline = Environment.TickCount64 + (long)_options.HandoverTimeout.TotalMilliseconds;
            SqliteFailure.Catch(Ask);
            try
            {
                while (file is null && Environment.TickCount64 < deadline)
                {
                    await Task.Delay(s_askEvery, cancellationToken).ConfigureAwait(false);
                    file = SqliteFailure.Catch(() => LockFile.TryTake(_path));
                }
            }
            finally
            {
                WantedFile.Delete(_path);
            }
        }

        return file ?? throw InUse();

        bool Ask()
        {
            WantedFile.Create(_path);
            return true;
        }
    }

    private Lease Take(LockFile file, string owner)
    {
        Writer? writer = null;
        try
        {
            // Whoever asked the last holder and died has left its request.
            WantedFile.Delete(_path);
            long last = file.ReadGeneration();
            DatabaseFile.Check(_path, wasThere: last > 0);
            writer = new Writer(_path, _options, wasThere: last > 0);
            (long generation, long revision) = writer.Take(owner, last);
            file.WriteGeneration(generation);
            return new Lease(file, writer, generation, revision) { DirtySince = writer.JournalSize > 0 ? Environment.TickCount64 : 0 };
        }
        catch
        {
            writer?.Dispose();
            file.Dispose();
            throw;
        }
    }

    private async Task EndAsync(Func<Lease, bool> condition, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        Lease? ended = null;
        try
        {
            if (_lease is { } held && condition(held))
            {
                ended = held;
                await Task.Run(End, CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }

        if (ended is not null)
        {
            await ended.TellAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Closes what belongs to the lease. For whoever has the turn.</summary>
    private void End()
    {
        if (_lease is { } held)
        {
            _watch.Change(Timeout.Infinite, Timeout.Infinite);
            _readers.Close();
            TryEmptyJournal(held);
            _lease = null;
            held.Dispose();
        }
    }

    private E2EException InUse()
    {
        string owner = string.Empty;
        try
        {
            owner = _readers.Read(reader => reader.Owner()) ?? string.Empty;
        }
        catch (E2EException)
        {
            // That it is in use is the answer; by whom is a courtesy.
        }

        return owner.Length == 0
            ? new E2EException(E2EError.StoreInUse)
            : new E2EException(E2EError.StoreInUse, $"It is held as \"{owner}\".");
    }

    private void Watch()
    {
        if (Interlocked.Exchange(ref _watching, 1) == 0)
        {
            _ = WatchAsync();
        }
    }

    private async Task WatchAsync()
    {
        try
        {
            Lease? seen = _lease;
            if (seen is not null && WantedFile.Exists(_path))
            {
                await EndAsync(held => held == seen, CancellationToken.None).ConfigureAwait(false);
                return;
            }

            await _turn.WaitAsync().ConfigureAwait(false);
            try
            {
                if (_lease is { DirtySince: > 0 } held && Environment.TickCount64 - held.DirtySince >= _options.MaxJournalAge.TotalMilliseconds)
                {
                    TryEmptyJournal(held);
                }
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            Volatile.Write(ref _watching, 0);
        }
    }
}
