using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A store that holds one call on its way until the test lets it go, so that something else can be done in the middle of it.</summary>
/// <param name="inner">Where the records are.</param>
internal sealed class HeldStore(IE2EStore inner) : IE2EStore
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _commits;
    private int _reads;

    /// <summary>Done when the call that is to be held is there.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Fails the next commit, with nothing written.</summary>
    public bool FailsNext { get; set; }

    /// <summary>Holds a commit before it is written.</summary>
    /// <param name="commit">Which one: 1 is the next.</param>
    public void HoldCommit(int commit) => _commits = commit;

    /// <summary>Holds what was read, records or a range of them.</summary>
    /// <param name="read">Which one: 1 is the next.</param>
    public void HoldRead(int read) => _reads = read;

    /// <summary>Holds what was read, which one it is from the next failure on.</summary>
    public int? ReadAfterFailure { get; set; }

    public void LetGo()
    {
        (_commits, _reads) = (0, 0);
        _go.TrySetResult();
    }

    public Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default) =>
        inner.AcquireAsync(owner, handover, cancellationToken);

    public Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default) => inner.ReleaseAsync(lease, cancellationToken);

    public async ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        byte[]? value = await inner.ReadAsync(table, key, cancellationToken);
        await HoldAsync(ref _reads);
        return value;
    }

    public async ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
        byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<StoreRecord> records = await inner.ScanAsync(table, after, prefix, max, cancellationToken);
        await HoldAsync(ref _reads);
        return records;
    }

    public async ValueTask CommitAsync(
        StoreLease lease, long expectedRevision, IReadOnlyList<StoreChange> changes, CancellationToken cancellationToken = default)
    {
        if (FailsNext)
        {
            FailsNext = false;
            _reads = ReadAfterFailure ?? 0;
            throw new E2EException(E2EError.StoreFailed);
        }

        await HoldAsync(ref _commits);
        await inner.CommitAsync(lease, expectedRevision, changes, cancellationToken);
    }

    public Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default) => inner.WipeAsync(lease, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private Task HoldAsync(ref int left)
    {
        if (left == 0 || Interlocked.Decrement(ref left) > 0)
        {
            return Task.CompletedTask;
        }

        _reached.TrySetResult();
        return _go.Task;
    }
}
