using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Storage;

/// <summary>A store that counts, and whose writes wait or fail at a word.</summary>
internal sealed class GatedStore(IE2EStore inner) : IE2EStore
{
    private int _commits;
    private int _reads;
    private int _changes;

    public int Commits => _commits;

    public int Reads => _reads;

    /// <summary>The records of the largest batch since it was set back.</summary>
    public int MostChanges
    {
        get => _changes;
        set => _changes = value;
    }

    /// <summary>What a write waits for before it is made.</summary>
    public Func<Task> BeforeCommit { get; set; } = () => Task.CompletedTask;

    /// <summary>What comes after a write was made.</summary>
    public Func<Task> AfterCommit { get; set; } = () => Task.CompletedTask;

    public Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default) =>
        inner.AcquireAsync(owner, handover, cancellationToken);

    public Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default) => inner.ReleaseAsync(lease, cancellationToken);

    public ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _reads);
        return inner.ReadAsync(table, key, cancellationToken);
    }

    public ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
        byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max, CancellationToken cancellationToken = default) =>
        inner.ScanAsync(table, after, prefix, max, cancellationToken);

    public async ValueTask CommitAsync(
        StoreLease lease, long expectedRevision, IReadOnlyList<StoreChange> changes, CancellationToken cancellationToken = default)
    {
        await BeforeCommit();
        await inner.CommitAsync(lease, expectedRevision, changes, cancellationToken);
        Interlocked.Increment(ref _commits);
        _changes = Math.Max(_changes, changes.Count);
        await AfterCommit();
    }

    public Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default) => inner.WipeAsync(lease, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
