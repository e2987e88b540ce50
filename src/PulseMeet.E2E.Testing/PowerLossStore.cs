using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Testing;

/// <summary>A store in memory that syncs now and then, as files with relaxed durability do: when the power goes, the batches since the
/// last sync are gone.</summary>
/// <remarks>Taking a lease syncs, too. Thread-safe.</remarks>
public sealed class PowerLossStore : IE2EStore
{
    private readonly Lock _lock = new();
    private readonly int _batchesPerSync;
    private InMemoryStore _cache = new();
    private InMemoryStore _disk = new();
    private int _unsynced;

    /// <param name="batchesPerSync">A sync after each so many batches; 1 loses nothing.</param>
    public PowerLossStore(int batchesPerSync)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchesPerSync, 1);
        _batchesPerSync = batchesPerSync;
    }

    /// <summary>Batches that would be lost now.</summary>
    public int Unsynced
    {
        get
        {
            lock (_lock)
            {
                return _unsynced;
            }
        }
    }

    private InMemoryStore Cache
    {
        get
        {
            lock (_lock)
            {
                return _cache;
            }
        }
    }

    /// <summary>The power goes and comes back: the store is as of the last sync, and nobody holds it.</summary>
    public async Task LosePowerAsync()
    {
        InMemoryStore lost;
        lock (_lock)
        {
            lost = _cache;
            _cache = _disk.Copy();
            _unsynced = 0;
        }

        await lost.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default)
    {
        InMemoryStore cache = Cache;
        StoreLease lease = await cache.AcquireAsync(owner, handover, cancellationToken).ConfigureAwait(false);
        Sync(cache, batches: _batchesPerSync);
        return lease;
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default) => Cache.ReleaseAsync(lease, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        Cache.ReadAsync(table, key, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
        byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max, CancellationToken cancellationToken = default) =>
        Cache.ScanAsync(table, after, prefix, max, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask CommitAsync(
        StoreLease lease, long expectedRevision, IReadOnlyList<StoreChange> changes, CancellationToken cancellationToken = default)
    {
        InMemoryStore cache = Cache;
        await cache.CommitAsync(lease, expectedRevision, changes, cancellationToken).ConfigureAwait(false);
        Sync(cache, batches: 1);
    }

    /// <inheritdoc/>
    public async Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default)
    {
        InMemoryStore cache = Cache;
        await cache.WipeAsync(lease, cancellationToken).ConfigureAwait(false);
        Sync(cache, _batchesPerSync);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Cache.DisposeAsync();

    private void Sync(InMemoryStore cache, int batches)
    {
        lock (_lock)
        {
            // What was written to a cache whose power is gone reaches no disk.
            if (ReferenceEquals(cache, _cache) && (_unsynced += batches) >= _batchesPerSync)
            {
                _disk = cache.Copy();
                _unsynced = 0;
            }
        }
    }
}
