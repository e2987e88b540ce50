namespace PulseMeet.E2E.Media;

/// <summary>Several segments that one worker takes together, so that workers wait for one another less often.</summary>
internal sealed class SegmentBatch(ISegmentWorker[] segments) : ISegmentWorker
{
    /// <summary>What the buffers of all workers take together at most, in bytes, where a batch has more than one segment.</summary>
    private const int MemoryBound = 2 * 1024 * 1024;

    private const int MostSegments = 8;

    private int _count;

    public bool IsLast { get; private set; }

    /// <summary>So many workers. A worker alone takes one segment at a time.</summary>
    /// <param name="count">At least one; in a browser one serves.</param>
    /// <param name="segmentLength">In bytes.</param>
    /// <param name="create">Makes the worker of one segment.</param>
    public static ISegmentWorker[] Workers(int count, int segmentLength, Func<ISegmentWorker> create)
    {
        if (count == 1 || OperatingSystem.IsBrowser())
        {
            return [create()];
        }

        int segments = Math.Clamp(MemoryBound / (2 * segmentLength * count), 1, MostSegments);
        return [.. Enumerable.Range(0, count).Select(_ => new SegmentBatch(
            [.. Enumerable.Range(0, segments).Select(_ => create())]))];
    }

    public async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        _count = 0;
        while (_count < segments.Length && !IsLast)
        {
            ISegmentWorker segment = segments[_count++];
            await segment.ReadAsync(cancellationToken).ConfigureAwait(false);
            IsLast = segment.IsLast;
        }
    }

    public void Transform()
    {
        for (int i = 0; i < _count; i++)
        {
            segments[i].Transform();
        }
    }

    public async ValueTask WriteAsync(CancellationToken cancellationToken)
    {
        for (int i = 0; i < _count; i++)
        {
            await segments[i].WriteAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        foreach (ISegmentWorker segment in segments)
        {
            segment.Dispose();
        }
    }
}
