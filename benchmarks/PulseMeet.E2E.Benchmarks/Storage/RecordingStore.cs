using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Benchmarks.Storage;

/// <summary>A store that keeps the last batch that went through it, and counts what is read.</summary>
internal sealed class RecordingStore(IE2EStore inner) : IE2EStore
{
    public IReadOnlyList<StoreChange> Last { get; private set; } = [];

    public int Reads { get; private set; }

    public Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default) =>
        inner.AcquireAsync(owner, handover, cancellationToken);

    public Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default) => inner.ReleaseAsync(lease, cancellationToken);

    public ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        Reads++;
        return inner.ReadAsync(table, key, cancellationToken);
    }

    public ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
        byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max, CancellationToken cancellationToken = default) =>
        inner.ScanAsync(table, after, prefix, max, cancellationToken);

    public ValueTask CommitAsync(
        StoreLease lease, long expectedRevision, IReadOnlyList<StoreChange> changes, CancellationToken cancellationToken = default)
    {
        Last = changes;
        return inner.CommitAsync(lease, expectedRevision, changes, cancellationToken);
    }

    public Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default) => inner.WipeAsync(lease, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
