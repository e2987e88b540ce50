using System.Runtime.ExceptionServices;

namespace PulseMeet.E2E.Media;

/// <summary>One worker's share of a run: reads a segment, works on it, writes it.</summary>
internal interface ISegmentLane : IDisposable
{
    /// <summary>Whether the segment read last is the file's last.</summary>
    bool IsLast { get; }

    /// <summary>Reads the next segment. One lane at a time, in the order of the file.</summary>
    ValueTask ReadAsync(CancellationToken cancellationToken);

    /// <summary>Seals or opens it. Any number of lanes at a time.</summary>
    void Transform();

    /// <summary>Writes it. One lane at a time, in the order of the file.</summary>
    ValueTask WriteAsync(CancellationToken cancellationToken);
}

/// <summary>Runs lanes over a file. The lanes take the segments in turn, so that the order is kept whatever they are busy with,
/// and memory is that of the lanes.</summary>
internal static class SegmentPump
{
    /// <param name="lanes">At least one. Not disposed.</param>
    /// <param name="sync">Whether the lanes' ends are synchronous, so that waiting may block.</param>
    /// <param name="cancellationToken">Stops between segments.</param>
    public static ValueTask RunAsync(ISegmentLane[] lanes, bool sync, CancellationToken cancellationToken) =>
        lanes.Length == 1 ? RunAloneAsync(lanes[0], cancellationToken) : RunTogetherAsync(lanes, sync, cancellationToken);

    private static async ValueTask RunAloneAsync(ISegmentLane lane, CancellationToken cancellationToken)
    {
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            await lane.ReadAsync(cancellationToken).ConfigureAwait(false);
            lane.Transform();
            await lane.WriteAsync(cancellationToken).ConfigureAwait(false);
        }
        while (!lane.IsLast);
    }

    private static async ValueTask RunTogetherAsync(ISegmentLane[] lanes, bool sync, CancellationToken cancellationToken)
    {
        using var run = new Relay(lanes, sync, cancellationToken);
        var workers = new Task[lanes.Length];
        for (int i = 0; i < workers.Length; i++)
        {
            int lane = i;
            workers[i] = Task.Run(() => run.WorkAsync(lane), CancellationToken.None);
        }

        if (sync && !OperatingSystem.IsBrowser())
        {
            Task.WaitAll(workers, CancellationToken.None);
        }
        else
        {
            await Task.WhenAll(workers).ConfigureAwait(false);
        }

        run.ThrowIfFailed();
    }

    /// <summary>Hands the right to read, and the right to write, from lane to lane in a ring.</summary>
    private sealed class Relay : IDisposable
    {
        private readonly ISegmentLane[] _lanes;
        private readonly bool _sync;
        private readonly SemaphoreSlim[] _reading;
        private readonly SemaphoreSlim[] _writing;
        private readonly CancellationTokenSource _stop;
        private readonly CancellationToken _cancellationToken;
        private Exception? _failure;
        private volatile bool _ended;

        public Relay(ISegmentLane[] lanes, bool sync, CancellationToken cancellationToken)
        {
            _lanes = lanes;
            _sync = sync;
            _cancellationToken = cancellationToken;
            _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _reading = [.. lanes.Select((_, i) => new SemaphoreSlim(i == 0 ? 1 : 0))];
            _writing = [.. lanes.Select((_, i) => new SemaphoreSlim(i == 0 ? 1 : 0))];
        }

        public async Task WorkAsync(int index)
        {
            ISegmentLane lane = _lanes[index];
            int next = (index + 1) % _lanes.Length;
            try
            {
                bool last;
                do
                {
                    await WaitAsync(_reading[index]).ConfigureAwait(false);
                    if (_ended)
                    {
                        _reading[next].Release();
                        return;
                    }

                    await lane.ReadAsync(_stop.Token).ConfigureAwait(false);
                    last = lane.IsLast;
                    _ended = last;
                    _reading[next].Release();
                    lane.Transform();
                    await WaitAsync(_writing[index]).ConfigureAwait(false);
                    await lane.WriteAsync(_stop.Token).ConfigureAwait(false);
                    _writing[next].Release();
                }
                while (!last);
            }
            catch (Exception failure)
            {
                // The first one is the cause; the others are its consequence.
                Interlocked.CompareExchange(ref _failure, failure, null);
                _stop.Cancel();
            }
        }

        public void ThrowIfFailed()
        {
            if (_failure is OperationCanceledException)
            {
                _cancellationToken.ThrowIfCancellationRequested();
            }

            if (_failure is not null)
            {
                ExceptionDispatchInfo.Throw(_failure);
            }
        }

        public void Dispose()
        {
            _stop.Dispose();
            foreach (SemaphoreSlim turn in _reading.Concat(_writing))
            {
                turn.Dispose();
            }
        }

        private async ValueTask WaitAsync(SemaphoreSlim turn)
        {
            if (_sync && !OperatingSystem.IsBrowser())
            {
                turn.Wait(_stop.Token);
                return;
            }

            await turn.WaitAsync(_stop.Token).ConfigureAwait(false);
        }
    }
}
