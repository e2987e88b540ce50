namespace PulseMeet.E2E.Storage;

/// <summary>Batches in the order in which they came. While one write is under way the others gather, and go together in the
/// next: many callers cost few syncs.</summary>
/// <remarks>Whoever finds nobody writing writes his own batch himself; what has gathered meanwhile is written by the pool. The
/// lock is held over no I/O. Thread-safe.</remarks>
/// <param name="write">Writes a group, or tells each of its batches why not; throws nothing.</param>
internal sealed class CommitQueue(Func<IReadOnlyList<PendingBatch>, Task> write)
{
    /// <summary>The most batches in one write, so that none waits long.</summary>
    public const int MaxGroup = 256;

    /// <summary>No batch is added to a write whose values have so many bytes.</summary>
    public const long MaxGroupSize = 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Queue<PendingBatch> _waiting = [];
    private bool _writing;

    public Task<long> CommitAsync(StoreBatch batch, CancellationToken cancellationToken)
    {
        var pending = new PendingBatch(batch, cancellationToken);
        lock (_lock)
        {
            _waiting.Enqueue(pending);
            if (_writing)
            {
                return pending.Outcome;
            }

            _writing = true;
        }

        return LeadAsync(pending);
    }

    private async Task<long> LeadAsync(PendingBatch own)
    {
        await write(Take()).ConfigureAwait(false);
        if (!End())
        {
            _ = Task.Run(DrainAsync, CancellationToken.None);
        }

        return await own.Outcome.ConfigureAwait(false);
    }

    private async Task DrainAsync()
    {
        do
        {
            await write(Take()).ConfigureAwait(false);
        }
        while (!End());
    }

    private List<PendingBatch> Take()
    {
        lock (_lock)
        {
            List<PendingBatch> group = [];
            long size = 0;
            while (group.Count < MaxGroup && size < MaxGroupSize && _waiting.TryDequeue(out PendingBatch? next))
            {
                group.Add(next);
                size += next.Batch.Size;
            }

            return group;
        }
    }

    /// <summary>Whether nobody waits; then nobody writes, either.</summary>
    private bool End()
    {
        lock (_lock)
        {
            _writing = _waiting.Count > 0;
            return !_writing;
        }
    }
}
