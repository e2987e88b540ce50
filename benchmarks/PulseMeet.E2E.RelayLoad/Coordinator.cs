using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace PulseMeet.E2E.RelayLoad;

/// <summary>Starts relays and clients; at each quarter something is killed: a relay, the database (or the relay again), the last
/// relay. Then it counts what was accepted and what arrived.</summary>
internal sealed class Coordinator(LoadOptions options)
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pulsemeet-load").FullName;
    private readonly List<RelayProcess> _relays = [];
    private readonly List<Process> _workers = [];
    private long _peakDatabase;

    public async Task<int> RunAsync()
    {
        try
        {
            for (int i = 0; i < options.Relays; i++)
            {
                _relays.Add(new RelayProcess(options with { Folder = _folder }, i));
            }

            int each = (options.Clients + options.Processes - 1) / options.Processes;
            for (int first = 0; first < options.Clients; first += each)
            {
                _workers.Add(Start(first, Math.Min(each, options.Clients - first)));
            }

            return await DriveAsync();
        }
        finally
        {
            _workers.ForEach(worker => worker.Kill());
            _relays.ForEach(relay => relay.Dispose());
            Directory.Delete(_folder, recursive: true);
        }
    }

    private async Task<int> DriveAsync()
    {
        All("ready");
        All(null, "send");
        long begun = Stopwatch.GetTimestamp();
        await PassAsync(options.Seconds / 4);
        _relays[0].Restart();
        await PassAsync(options.Seconds / 4);
        if (options.Cluster.Length > 0)
        {
            await Process.Start("bash", [Script(), "restart", options.Cluster, "immediate"])!.WaitForExitAsync();
        }
        else
        {
            _relays[0].Restart();
        }

        await PassAsync(options.Seconds / 4);
        _relays[^1].Restart();
        await PassAsync(options.Seconds - (3 * (options.Seconds / 4)));
        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        All("stopped", "stop");
        All("drained", "drain");
        _workers.ForEach(worker => worker.WaitForExit());
        double[] load = [.. File.ReadAllText("/proc/loadavg").Split(' ').Take(2).Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
        _relays.ForEach(relay => relay.Dispose());
        return Report(seconds, load[1]);
    }

    private int Report(double seconds, double load)
    {
        List<(long Message, long Microseconds)> accepted = Log.Read(_folder, "accepted");
        List<(long Message, long Microseconds)> received = Log.Read(_folder, "received");
        HashSet<long> arrived = [.. received.Select(entry => entry.Message)];
        long lost = accepted.Count(entry => !arrived.Contains(entry.Message));
        long doubled = Log.Read(_folder, "doubled").Count + received.Count - arrived.Count;
        Console.WriteLine(JsonSerializer.Serialize(new SortedDictionary<string, object>
        {
            ["store"] = options.Sqlite.Length > 0 ? "SQLite" : "PostgreSQL",
            ["clients"] = options.Clients,
            ["relays"] = options.Relays,
            ["seconds"] = Math.Round(seconds),
            ["accepted"] = accepted.Count,
            ["lost"] = lost,
            ["doubled"] = doubled,
            ["accepted_per_second"] = Math.Round(accepted.Count / seconds),
            ["accept_ms"] = Percentiles(accepted),
            ["delivery_ms"] = Percentiles(received),
            ["peak_mb_of_a_relay"] = _relays.Max(relay => relay.Peak) >> 20,
            ["peak_mb_of_postgresql"] = _peakDatabase >> 20,
            ["relays_processor_seconds"] = Math.Round(_relays.Sum(relay => relay.Worked.TotalSeconds)),
            ["load_5_minutes"] = load,
        }));
        return lost == 0 && doubled == 0 && accepted.Count > 0 ? 0 : 1;
    }

    private static string Percentiles(List<(long Message, long Microseconds)> entries)
    {
        long[] sorted = [.. entries.Select(entry => entry.Microseconds).Order()];
        return sorted.Length == 0 ? "-" : string.Join(", ", new[] { 0.5, 0.9, 0.99 }.Select(share =>
            string.Create(CultureInfo.InvariantCulture, $"p{share * 100:0} {sorted[(int)(share * (sorted.Length - 1))] / 1000.0:0.0}")));
    }

    private async Task PassAsync(int seconds)
    {
        for (int i = 0; i < seconds; i++)
        {
            await Task.Delay(1000);
            _relays.ForEach(relay => relay.Look());
            _peakDatabase = Math.Max(_peakDatabase, options.Postgres.Length > 0 ? DatabaseMemory() : 0);
        }
    }

    /// <summary>What PostgreSQL's processes hold: each its own part, the shared part once. Those of other clusters count, too, where the
    /// caller may see them.</summary>
    private static long DatabaseMemory() => Process.GetProcessesByName("postgres").Sum(process =>
    {
        try
        {
            return File.ReadLines($"/proc/{process.Id}/smaps_rollup").Where(line => line.StartsWith("Pss:", StringComparison.Ordinal))
                .Sum(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    });

    private Process Start(int first, int count)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true };
        string[] arguments =
        [
            "exec", Path.Combine(AppContext.BaseDirectory, "PulseMeet.E2E.RelayLoad.dll"), "worker", "--folder", _folder, "--relays", $"{options.Relays}",
            "--port", $"{options.Port}", "--clients", $"{options.Clients}", "--pause", $"{options.Pause}", "--size", $"{options.Size}",
            "--first", $"{first}", "--count", $"{count}",
        ];
        Array.ForEach(arguments, start.ArgumentList.Add);
        return Process.Start(start)!;
    }

    /// <summary>Tells all workers something, and waits until all have said something.</summary>
    private void All(string? said, string? tell = null)
    {
        foreach (Process worker in tell is null ? [] : _workers)
        {
            worker.StandardInput.WriteLine(tell);
            worker.StandardInput.Flush();
        }

        foreach (Process worker in said is null ? [] : _workers)
        {
            string? got = worker.StandardOutput.ReadLine();
            if (got != said)
            {
                throw new InvalidOperationException($"A worker said «{got}» in place of «{said}».");
            }
        }
    }

    private static string Script()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "PulseMeet.E2E.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder!.FullName, "eng", "postgres.sh");
    }
}
