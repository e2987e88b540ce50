using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Sqlite;

/// <summary>A device's store in a SQLite file.</summary>
/// <remarks>
/// Beside the file stand SQLite's journal (<c>-wal</c>, <c>-shm</c>), a lock (<c>-lock</c>) that stays, and, while one process asks
/// another for the store, <c>-wanted</c>. They are copied, moved and deleted together. The lock is the operating system's, so that a
/// process that has died holds nothing; it has to work on the file system, which those of networks do not promise. A batch costs one
/// sync, or none with <see cref="SqliteDurability.Relaxed"/>. What was deleted or overwritten is gone from the file and its journal
/// <see cref="SqliteStoreOptions.MaxJournalAge"/> after the batch, as long as the lease is held, and when it is given back; what a
/// flash memory keeps of overwritten blocks no file can say. A process that is suspended hands nothing over: give the lease back
/// before that. Reads run on the caller's thread, writes on the pool's. Thread-safe.
/// </remarks>
public sealed partial class SqliteStore : IE2EStore
{
    private readonly string _path;
    private readonly SqliteStoreOptions _options;
    private readonly Readers _readers;

    /// <summary>The turn to write, to take and to give back. It is held over the file's I/O, and no lock is.</summary>
    private readonly SemaphoreSlim _turn = new(1, 1);

    private readonly Timer _watch;
    private volatile Lease? _lease;
    private int _watching;
    private volatile bool _disposed;

    /// <summary>A store in a file; nothing is opened before it is used.</summary>
    /// <param name="path">The database's file; made by the first lease, in a folder that is there.</param>
    /// <param name="options">How it writes and waits; the defaults where null.</param>
    public SqliteStore(string path, SqliteStoreOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new SqliteStoreOptions();
        options.Check();
        _path = Path.GetFullPath(path);
        _options = options;
        _readers = new Readers(_path, options);
        _watch = new Timer(_ => Watch(), null, Timeout.Infinite, Timeout.Infinite);
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        StoreLimits.CheckKey(key.Span);
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
        return ValueTask.FromResult(_readers.Read(reader => reader.Read(table, key)));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
        byte table,
        ReadOnlyMemory<byte> after,
        ReadOnlyMemory<byte> prefix,
        int max,
        CancellationToken cancellationToken = default)
    {
        StoreLimits.CheckScan(after.Span, prefix.Span, max);
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
        return ValueTask.FromResult(_readers.Read(reader => reader.Scan(table, after, prefix, max)) ?? []);
    }

    /// <inheritdoc/>
    public async ValueTask CommitAsync(
        StoreLease lease,
        long expectedRevision,
        IReadOnlyList<StoreChange> changes,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lease);
        StoreLimits.CheckBatch(changes);
        await InTurnAsync(
            lease,
            held =>
            {
                held.Writer.Commit(held.Generation, expectedRevision, changes);
                held.DirtySince = held.DirtySince == 0 ? Environment.TickCount64 : held.DirtySince;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lease);
        return InTurnAsync(
            lease,
            held =>
            {
                _readers.Close();
                held.Writer.Wipe(held.Generation);
                held.DirtySince = 0;
            },
            cancellationToken);
    }

    /// <summary>Empties the journal now, so that nothing that was deleted or overwritten before stays in it.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="cancellationToken">Looked at before it begins, not afterwards.</param>
    /// <exception cref="E2EException">The lease was lost (<see cref="E2EError.StoreInUse"/>), another program reads the journal, or the
    /// disk fails (<see cref="E2EError.StoreFailed"/>).</exception>
    public Task EmptyJournalAsync(StoreLease lease, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lease);
        return InTurnAsync(
            lease,
            held =>
            {
                held.Writer.EmptyJournal();
                held.DirtySince = 0;
            },
            cancellationToken);
    }

    private async Task InTurnAsync(StoreLease lease, Action<Lease> action, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_disposed, this);
            Lease held = _lease is { } own && own.Generation == lease.Generation
                ? own
                : throw new E2EException(E2EError.StoreInUse, "The lease was lost.");
            if (Thread.CurrentThread.IsThreadPoolThread)
            {
                SqliteFailure.Catch(() => Run(held));
            }
            else
            {
                await Task.Run(() => SqliteFailure.Catch(() => Run(held)), CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }

        bool Run(Lease held)
        {
            action(held);
            return EmptyLongJournal(held);
        }
    }

    /// <summary>Bounds the journal. The batch is durable before, and its outcome does not hang on this.</summary>
    private bool EmptyLongJournal(Lease held)
    {
        if (held.DirtySince == 0 || held.Writer.JournalSize < _options.MaxJournalSize)
        {
            return true;
        }

        return TryEmptyJournal(held);
    }

    private static bool TryEmptyJournal(Lease held)
    {
        try
        {
            if (held.Writer.TryEmptyJournal())
            {
                held.DirtySince = 0;
                return true;
            }
        }
        catch (Microsoft.Data.Sqlite.SqliteException)
        {
            // The watch tries again.
        }

        return false;
    }
}
