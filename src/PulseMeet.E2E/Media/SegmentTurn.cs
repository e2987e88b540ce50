namespace PulseMeet.E2E.Media;

/// <summary>Several segments that one worker takes together, so that workers wait for one another less often.</summary>
internal sealed class SegmentTurn(ISegmentLane[] segments) : ISegmentLane
{
    /// <summary>What the buffers of all workers take together at most, in bytes, where a turn has more than one segment.</summary>
    private const int MemoryBound = 2 * 1024 * 1024;

    private const int MostSegments = 8;

    private int _count;

    public bool IsLast { get; private set; }

    /// <summary>The lanes of that many workers. A worker alone takes one segment at a time.</summary>
    /// <param name="workers">At least one; in a browser one serves.</param>
    /// <param name="segmentLength">In bytes.</param>
    /// <param name="create">Makes the lane of one segment.</param>
    public static ISegmentLane[] Lanes(int workers, int segmentLength, Func<ISegmentLane> create)
    {
        if (workers == 1 || OperatingSystem.IsBrowser())
        {
            return [create()];
        }

        int segments = Math.Clamp(MemoryBound / (2 * segmentLength * workers), 1, MostSegments);
        return [.. Enumerable.Range(0, workers).Select(_ => new SegmentTurn(
            [.. Enumerable.Range(0, segments).Select(_ => create())]))];
    }

    public async ValueTask ReadAsync(CancellationToken cancellationToken)
    {
        _count = 0;
        while (_count < segments.Length && !IsLast)
        {
            ISegmentLane segment = segments[_count++];
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
        foreach (ISegmentLane segment in segments)
        {
            segment.Dispose();
        }
    }
}
