using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace PulseMeet.E2E.PostgreSqlBenchmarks;

/// <summary>The processor's time of this process and of the server's: what a busy machine does not change.</summary>
internal static class ProcessorTime
{
    // Linux: proc(5), "stat". Ticks of 10 ms on every architecture of .NET.
    private const double TicksPerSecond = 100;
    private const int Parent = 3;
    private const int User = 13;

    /// <summary>In seconds, since both began. Processes of the server that have ended are counted with the one that started them.</summary>
    public static double Now(NpgsqlDataSource source)
    {
        using NpgsqlCommand command = source.CreateCommand("select pg_backend_pid()");
        string server = Stat((int)command.ExecuteScalar()!)![Parent];
        double ticks = 0;
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int id) && Stat(id) is { } stat)
            {
                ticks += id.ToString(CultureInfo.InvariantCulture) == server ? Sum(stat, 4) : stat[Parent] == server ? Sum(stat, 2) : 0;
            }
        }

        return (ticks / TicksPerSecond) + Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
    }

    private static double Sum(string[] stat, int count) =>
        Enumerable.Range(User, count).Sum(field => double.Parse(stat[field], CultureInfo.InvariantCulture));

    /// <summary>The fields, from 0; null where the process is gone.</summary>
    private static string[]? Stat(int id)
    {
        try
        {
            string line = File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/stat");
            return ["", "", .. line[(line.LastIndexOf(')') + 2)..].Split(' ')];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
