using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A store that says that it could not write a batch, and has it all the same when it is opened the next time, in the place of whatever was
/// written since.</summary>
/// <param name="inner">Where the records are meanwhile.</param>
internal sealed class LateStore(InMemoryStore inner) : IE2EStore
{
    /// <summary>Whether the next batch fails so.</summary>
    public bool FailsNext { get; set; }

    /// <summary>What is there at the next opening.</summary>
    public InMemoryStore? Late { get; private set; }

    public Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default) =>
        inner.AcquireAsync(owner, handover, cancellationToken);

    public Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default) => inner.ReleaseAsync(lease, cancellationToken);

    public ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(table, key, cancellationToken);

    public ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
        byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max, CancellationToken cancellationToken = default) =>
        inner.ScanAsync(table, after, prefix, max, cancellationToken);

    public async ValueTask CommitAsync(
        StoreLease lease, long expectedRevision, IReadOnlyList<StoreChange> changes, CancellationToken cancellationToken = default)
    {
        if (!FailsNext)
        {
            await inner.CommitAsync(lease, expectedRevision, changes, cancellationToken);
            return;
        }

        FailsNext = false;
        Late = inner.Copy();
        StoreLease late = await Late.AcquireAsync("late", handover: false, cancellationToken);
        await Late.CommitAsync(late, expectedRevision, changes, cancellationToken);
        await Late.ReleaseAsync(late, cancellationToken);
        throw new E2EException(E2EError.StoreFailed);
    }

    public Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default) => inner.WipeAsync(lease, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
