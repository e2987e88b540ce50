using System.Runtime.ExceptionServices;

namespace PulseMeet.E2E.Media;

/// <summary>One worker on a file in memory: takes any segment, in any order.</summary>
internal interface IMemoryWorker : IDisposable
{
    void Work(long position);
}

/// <summary>Shares the segments of a file in memory among threads: each takes the next that nobody has taken, so that none waits for
/// another.</summary>
internal static class MemoryWorkers
{
    /// <summary>What a thread takes at a time, in bytes of segments.</summary>
    private const int Share = 128 * 1024;

    /// <summary>Works on all segments.</summary>
    /// <param name="count">How many threads, the caller's among them; in a browser one serves.</param>
    /// <param name="layout">The file's.</param>
    /// <param name="create">Makes a thread's worker.</param>
    /// <returns>Null; or of the segments that failed the first, and why: every one before it was worked on.</returns>
    public static (long Position, ExceptionDispatchInfo Reason)? Run(int count, MediaLayout layout, Func<IMemoryWorker> create)
    {
        var run = new Shared(layout.Segments, Math.Max(1, Share / layout.Parameters.SegmentLength));
        int threads = OperatingSystem.IsBrowser() ? 1 : (int)Math.Min(count, layout.Segments);
        IMemoryWorker[] workers = [.. Enumerable.Range(0, threads).Select(_ => create())];
        Task[] others = [.. workers.Skip(1).Select(worker => Task.Run(() => run.Work(worker)))];
        run.Work(workers[0]);
        if (!OperatingSystem.IsBrowser())
        {
            Task.WaitAll(others);
        }

        foreach (IMemoryWorker worker in workers)
        {
            worker.Dispose();
        }

        return run.Failed;
    }

    private sealed class Shared(long segments, int step)
    {
        private readonly Lock _lock = new();
        private long _next;
        private long _end = long.MaxValue;

        public (long Position, ExceptionDispatchInfo Reason)? Failed { get; private set; }

        /// <summary>Throws nothing: a thread that ended early would leave another at work in memory that its caller has back.</summary>
        public void Work(IMemoryWorker worker)
        {
            for (long from = Take(); from < Math.Min(segments, Volatile.Read(ref _end)); from = Take())
            {
                long end = Math.Min(from + step, segments);
                for (long position = from; position < end; position++)
                {
                    try
                    {
                        worker.Work(position);
                    }
                    catch (Exception failure)
                    {
                        Fail(position, failure);
                        break;
                    }
                }
            }
        }

        private long Take() => Interlocked.Add(ref _next, step) - step;

        /// <summary>Nothing behind the first failure is of use; what is before it is taken already, and is worked on to its end.</summary>
        private void Fail(long position, Exception failure)
        {
            lock (_lock)
            {
                if (Failed is null || position < Failed.Value.Position)
                {
                    Failed = (position, ExceptionDispatchInfo.Capture(failure));
                    Volatile.Write(ref _end, position);
                }
            }
        }
    }
}
