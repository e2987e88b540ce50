using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Storage;

/// <summary>A store that is its owner's enemy: it notes all that it is given, keeps batches aside and says that they failed, and shows what it
/// likes.</summary>
internal sealed class EnemyStore : IE2EStore
{
    private readonly InMemoryStore _inner;
    private IReadOnlyList<StoreChange> _aside = [];

    public EnemyStore(InMemoryStore inner) => Shown = _inner = inner;

    /// <summary>All records that were ever given, also those of batches that failed.</summary>
    public List<StoreChange> Given { get; } = [];

    /// <summary>Where everything is written.</summary>
    public InMemoryStore Inner => _inner;

    /// <summary>Where everything is read.</summary>
    public InMemoryStore Shown { get; set; }

    /// <summary>Whether the next batches fail without being written.</summary>
    public bool KeepsAside { get; set; }

    /// <summary>Whether the next batches fail though they are written.</summary>
    public bool Lies { get; set; }

    /// <summary>Whether a lease says that it is lost.</summary>
    public bool TellsLosses { get; init; } = true;

    /// <summary>The store as it would be, had it written the batch that it kept aside last.</summary>
    public async Task<InMemoryStore> WithWhatWasKeptAsideAsync()
    {
        InMemoryStore copy = _inner.Copy();
        StoreLease lease = await copy.AcquireAsync("enemy", handover: true);
        await copy.CommitAsync(lease, lease.Revision, _aside);
        return copy;
    }

    public async Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default)
    {
        StoreLease lease = await _inner.AcquireAsync(owner, handover, cancellationToken);
        return TellsLosses ? lease : lease with { Lost = CancellationToken.None };
    }

    public Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default) => _inner.ReleaseAsync(lease, cancellationToken);

    public ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        Shown.ReadAsync(table, key, cancellationToken);

    public ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
        byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max, CancellationToken cancellationToken = default) =>
        Shown.ScanAsync(table, after, prefix, max, cancellationToken);

    public async ValueTask CommitAsync(
        StoreLease lease, long expectedRevision, IReadOnlyList<StoreChange> changes, CancellationToken cancellationToken = default)
    {
        Given.AddRange(changes.Where(change => change.Value is not null));
        if (KeepsAside)
        {
            _aside = changes;
            throw new E2EException(E2EError.StoreFailed);
        }

        await _inner.CommitAsync(lease, expectedRevision, changes, cancellationToken);
        if (Lies)
        {
            throw new E2EException(E2EError.StoreFailed);
        }
    }

    public Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default) => _inner.WipeAsync(lease, cancellationToken);

    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}
