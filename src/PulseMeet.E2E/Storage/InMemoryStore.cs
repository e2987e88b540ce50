using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Storage;

/// <summary>A device's store in this process's memory: for tests, and for devices that keep nothing.</summary>
/// <remarks>What is in it stays while the object does, also after it was disposed, so that a device may be opened again.
/// Thread-safe.</remarks>
public sealed class InMemoryStore : IE2EStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<byte[], byte[]> _records;
    private long _revision;
    private long _generation;
    private string? _owner;
    private CancellationTokenSource? _holder;

    /// <summary>An empty store.</summary>
    public InMemoryStore()
        : this(new SortedDictionary<byte[], byte[]>(Order), 0, 0)
    {
    }

    private InMemoryStore(SortedDictionary<byte[], byte[]> records, long revision, long generation)
    {
        _records = records;
        _revision = revision;
        _generation = generation;
    }

    private static Comparer<byte[]> Order { get; } = Comparer<byte[]>.Create((left, right) => PublicBytes.Compare(left, right));

    /// <summary>Another store with the same records and revision, which nobody holds: what a backup taken now would bring back.</summary>
    public InMemoryStore Copy()
    {
        lock (_lock)
        {
            var records = new SortedDictionary<byte[], byte[]>(Order);
            foreach ((byte[] name, byte[] value) in _records)
            {
                records.Add(name, [.. value]);
            }

            return new InMemoryStore(records, _revision, _generation);
        }
    }

    /// <inheritdoc/>
    public async Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default)
    {
        StoreLimits.CheckOwner(owner);
        cancellationToken.ThrowIfCancellationRequested();
        CancellationTokenSource? previous;
        StoreLease lease;
        lock (_lock)
        {
            previous = _holder;
            if (previous is not null && !handover)
            {
                throw new E2EException(E2EError.StoreInUse, $"It is held as \"{_owner}\".");
            }

            _holder = new CancellationTokenSource();
            _owner = owner;
            lease = new StoreLease(++_generation, _revision, _holder.Token);
        }

        await EndAsync(previous).ConfigureAwait(false);
        return lease;
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lease);
        CancellationTokenSource? holder = null;
        lock (_lock)
        {
            if (lease.Generation == _generation)
            {
                (holder, _holder) = (_holder, null);
            }
        }

        await EndAsync(holder).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        byte[] name = StoreName.Of(table, key.Span);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return ValueTask.FromResult<byte[]?>(_records.TryGetValue(name, out byte[]? value) ? [.. value] : null);
        }
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
        byte[] above = StoreName.OfPart(table, after.Span);
        byte[] within = StoreName.OfPart(table, prefix.Span);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return ValueTask.FromResult<IReadOnlyList<StoreRecord>>(
            [
                .. _records
                    .Where(record => record.Key.AsSpan().StartsWith(within) && PublicBytes.Compare(record.Key, above) > 0)
                    .Take(max)
                    .Select(record => new StoreRecord(record.Key.AsSpan(1).ToArray(), record.Value.ToArray())),
            ]);
        }
    }

    /// <inheritdoc/>
    public ValueTask CommitAsync(
        StoreLease lease,
        long expectedRevision,
        IReadOnlyList<StoreChange> changes,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lease);
        StoreLimits.CheckBatch(changes);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            CheckHeld(lease);
            if (_revision != expectedRevision)
            {
                throw new E2EException(E2EError.StoreConflict);
            }

            foreach (StoreChange change in changes)
            {
                byte[] name = StoreName.Of(change.Table, change.Key.Span);
                if (change.Value is { } value)
                {
                    _records[name] = [.. value];
                }
                else
                {
                    _records.Remove(name);
                }
            }

            _revision++;
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lease);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            CheckHeld(lease);
            _records.Clear();
            _revision = 0;
        }

        return Task.CompletedTask;
    }

    /// <summary>Gives back a lease that is still held.</summary>
    public async ValueTask DisposeAsync()
    {
        CancellationTokenSource? holder;
        lock (_lock)
        {
            (holder, _holder) = (_holder, null);
        }

        await EndAsync(holder).ConfigureAwait(false);
    }

    /// <summary>Tells the former holder, outside the lock: whoever listens may call back.</summary>
    private static async Task EndAsync(CancellationTokenSource? holder)
    {
        if (holder is not null)
        {
            await holder.CancelAsync().ConfigureAwait(false);
            holder.Dispose();
        }
    }

    private void CheckHeld(StoreLease lease)
    {
        if (_holder is null || lease.Generation != _generation)
        {
            throw new E2EException(E2EError.StoreInUse, "The lease was lost.");
        }
    }
}
