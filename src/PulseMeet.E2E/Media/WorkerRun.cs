using System.Runtime.ExceptionServices;

namespace PulseMeet.E2E.Media;

/// <summary>One worker of a run: reads a segment, works on it, writes it.</summary>
internal interface ISegmentWorker : IDisposable
{
    /// <summary>Whether the segment read last is the file's last.</summary>
    bool IsLast { get; }

    /// <summary>Reads the next segment. One worker at a time, in the order of the file.</summary>
    ValueTask ReadAsync(CancellationToken cancellationToken);

    /// <summary>Seals or opens it. Any number of workers at a time.</summary>
    void Transform();

    /// <summary>Writes it. One worker at a time, in the order of the file.</summary>
    ValueTask WriteAsync(CancellationToken cancellationToken);
}

/// <summary>Runs workers over a file. They take the segments one after the other, so that the order is kept whatever they are busy
/// with, and memory is that of the workers.</summary>
internal static class WorkerRun
{
    /// <param name="workers">At least one. Not disposed.</param>
    /// <param name="sync">Whether the workers' ends are synchronous, so that waiting may block.</param>
    /// <param name="cancellationToken">Stops between segments.</param>
    public static ValueTask RunAsync(ISegmentWorker[] workers, bool sync, CancellationToken cancellationToken) =>
        workers.Length == 1 ? RunAloneAsync(workers[0], cancellationToken) : RunTogetherAsync(workers, sync, cancellationToken);

    private static async ValueTask RunAloneAsync(ISegmentWorker worker, CancellationToken cancellationToken)
    {
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            await worker.ReadAsync(cancellationToken).ConfigureAwait(false);
            worker.Transform();
            await worker.WriteAsync(cancellationToken).ConfigureAwait(false);
        }
        while (!worker.IsLast);
    }

    private static async ValueTask RunTogetherAsync(ISegmentWorker[] workers, bool sync, CancellationToken cancellationToken)
    {
        using var run = new Together(workers, sync, cancellationToken);
        var tasks = new Task[workers.Length];
        for (int i = 0; i < tasks.Length; i++)
        {
            int index = i;
            tasks[i] = Task.Run(() => run.WorkAsync(index), CancellationToken.None);
        }

        if (sync && !OperatingSystem.IsBrowser())
        {
            Task.WaitAll(tasks, CancellationToken.None);
        }
        else
        {
            await Task.WhenAll(tasks).ConfigureAwait(false);
        }

        run.ThrowIfFailed();
    }

    /// <summary>Gives the right to read, and the right to write, from each worker to the next.</summary>
    private sealed class Together : IDisposable
    {
        private readonly ISegmentWorker[] _workers;
        private readonly bool _sync;
        private readonly SemaphoreSlim[] _reading;
        private readonly SemaphoreSlim[] _writing;
        private readonly CancellationTokenSource _stop;
        private readonly CancellationToken _cancellationToken;
        private Exception? _failure;
        private volatile bool _ended;

        public Together(ISegmentWorker[] workers, bool sync, CancellationToken cancellationToken)
        {
            _workers = workers;
            _sync = sync;
            _cancellationToken = cancellationToken;
            _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _reading = [.. workers.Select((_, i) => new SemaphoreSlim(i == 0 ? 1 : 0))];
            _writing = [.. workers.Select((_, i) => new SemaphoreSlim(i == 0 ? 1 : 0))];
        }

        public async Task WorkAsync(int index)
        {
            ISegmentWorker worker = _workers[index];
            int next = (index + 1) % _workers.Length;
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

                    await worker.ReadAsync(_stop.Token).ConfigureAwait(false);
                    last = worker.IsLast;
                    _ended = last;
                    _reading[next].Release();
                    worker.Transform();
                    await WaitAsync(_writing[index]).ConfigureAwait(false);
                    await worker.WriteAsync(_stop.Token).ConfigureAwait(false);
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
            foreach (SemaphoreSlim right in _reading.Concat(_writing))
            {
                right.Dispose();
            }
        }

        private async ValueTask WaitAsync(SemaphoreSlim right)
        {
            if (_sync && !OperatingSystem.IsBrowser())
            {
                right.Wait(_stop.Token);
                return;
            }

            await right.WaitAsync(_stop.Token).ConfigureAwait(false);
        }
    }
}
