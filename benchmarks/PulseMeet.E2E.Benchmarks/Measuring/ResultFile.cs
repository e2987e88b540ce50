using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PulseMeet.E2E.Benchmarks.Measuring;

/// <summary>Writes what was measured, with the machine and the date, for the tables and charts of benchmarks/README.md.</summary>
internal static class ResultFile
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static void Write(string path, object rows)
    {
        var result = new
        {
            Date = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd"),
            Machine = Machine(),
            Runtime = $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription.Split('#')[0].Trim()}",
            Intrinsics = System.Runtime.Intrinsics.X86.Aes.IsSupported,
            Rows = rows,
        };
        File.WriteAllText(path, JsonSerializer.Serialize(result, s_options) + "\n");
    }

    private static string Machine()
    {
        const string processors = "/proc/cpuinfo";
        string? model = File.Exists(processors)
            ? File.ReadLines(processors).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return $"{model?.Split(':')[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString()}, {Environment.ProcessorCount} cores";
    }
}
