using System.Diagnostics;

namespace PulseMeet.E2E.Benchmarks.Measuring;

/// <summary>
/// What a batch took: by the clock on the wall, and in processor time of this process where the operating system counts that
/// finely, so that a busy machine does not break a budget. Single calls (p99) are timed by the clock on the wall alone.
/// </summary>
internal readonly struct BatchClock
{
    private static readonly bool s_countsFinely = OperatingSystem.IsLinux() || OperatingSystem.IsMacOS();

    private readonly long _wall;
    private readonly TimeSpan _processor;

    private BatchClock(long wall, TimeSpan processor)
    {
        _wall = wall;
        _processor = processor;
    }

    public static BatchClock Start()
    {
        TimeSpan processor = s_countsFinely ? ProcessorTime() : default;
        return new(Stopwatch.GetTimestamp(), processor);
    }

    /// <summary>Nanoseconds by the clock on the wall, and of processor time.</summary>
    public (double Wall, double Processor) Elapsed()
    {
        double wall = Stopwatch.GetElapsedTime(_wall).TotalNanoseconds;
        return (wall, s_countsFinely ? (ProcessorTime() - _processor).TotalNanoseconds : wall);
    }

    private static TimeSpan ProcessorTime() =>
        OperatingSystem.IsLinux() || OperatingSystem.IsMacOS() ? Environment.CpuUsage.TotalTime : default;
}
