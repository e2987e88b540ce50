using System.Diagnostics;
using System.Text.Json.Nodes;

namespace PulseMeet.E2E.Wasm;

/// <summary>What is measured, call by call: rows whose p99 has a budget, and beside them what takes longer as a whole.</summary>
internal sealed class Timings
{
    private readonly Dictionary<string, List<double>> _rows = [];
    private readonly Dictionary<string, List<double>> _whole = [];
    private long _last;
    private double _longest;
    private double _sum;

    /// <summary>Times a call that holds the page's only thread from beginning to end.</summary>
    public T Time<T>(string row, Func<T> call)
    {
        long start = Stopwatch.GetTimestamp();
        T result = call();
        Add(_rows, row, start);
        return result;
    }

    public void Time(string row, int warmUp, int calls, Action call)
    {
        for (int i = 0; i < warmUp; i++)
        {
            call();
        }

        for (int i = 0; i < Math.Max(1, calls); i++)
        {
            long start = Stopwatch.GetTimestamp();
            call();
            Add(_rows, row, start);
        }
    }

    /// <summary>Times a call that gives way: the longest that the page stands still is the row, the whole stands beside it.</summary>
    public async Task<T> StillnessAsync<T>(string row, Func<Task<T>> call)
    {
        _longest = 0;
        _sum = 0;
        _last = Stopwatch.GetTimestamp();
        Task<T> running = call();
        do
        {
            EndStretch();
            await Task.Yield();
        }
        while (!running.IsCompleted);
        EndStretch();
        Add(_rows, row + ": the page stands still", _longest);
        Add(_whole, row, _sum);
        return await running;
    }

    /// <summary>What runs until the end of this is no work of the page's.</summary>
    public IDisposable Elsewhere()
    {
        EndStretch();
        return new Pause(this);
    }

    private void EndStretch()
    {
        double stretch = Stopwatch.GetElapsedTime(_last).TotalMilliseconds;
        _sum += stretch;
        _longest = Math.Max(_longest, stretch);
        _last = Stopwatch.GetTimestamp();
    }

    public JsonObject Rows => Describe(_rows);

    public JsonObject Whole => Describe(_whole);

    private static JsonObject Describe(Dictionary<string, List<double>> timings)
    {
        var rows = new JsonObject();
        foreach ((string name, List<double> durations) in timings)
        {
            durations.Sort();
            rows[name] = new JsonObject
            {
                ["calls"] = durations.Count,
                ["mean"] = durations.Average(),
                ["p50"] = durations[durations.Count / 2],
                ["p99"] = durations[durations.Count * 99 / 100],
                ["max"] = durations[^1],
            };
        }

        return rows;
    }

    private static void Add(Dictionary<string, List<double>> timings, string row, long start) =>
        Add(timings, row, Stopwatch.GetElapsedTime(start).TotalMilliseconds);

    private static void Add(Dictionary<string, List<double>> timings, string row, double duration)
    {
        if (!timings.TryGetValue(row, out List<double>? durations))
        {
            timings[row] = durations = [];
        }

        durations.Add(duration);
    }

    private sealed class Pause(Timings timings) : IDisposable
    {
        public void Dispose() => timings._last = Stopwatch.GetTimestamp();
    }
}
