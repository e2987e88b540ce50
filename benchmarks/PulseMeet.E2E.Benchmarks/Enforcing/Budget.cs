using System.Text.Json;
using System.Text.Json.Serialization;
using PulseMeet.E2E.Benchmarks.Measuring;

namespace PulseMeet.E2E.Benchmarks.Enforcing;

/// <summary>What a row may cost, as budgets.json says; what it leaves out has no bound.</summary>
internal sealed record Budget(
    string What, string? Baseline, double? MeanMs, double? P99Ms, double? Ratio, double? OwnBytes, double? Bytes)
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static IReadOnlyDictionary<string, Budget> ReadAll() =>
        JsonSerializer.Deserialize<Dictionary<string, Budget>>(
            File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "budgets.json")),
            s_options)!;

    /// <summary>The bounds that a measurement breaks, in words.</summary>
    public IEnumerable<string> BrokenBy(Measurement measured)
    {
        if (measured.Mean >= MeanMs * 1e6)
        {
            yield return $"mean {Table.Duration(measured.Mean)} of {MeanMs} ms";
        }

        if (measured.P99 >= P99Ms * 1e6)
        {
            yield return $"p99 {Table.Duration(measured.P99)} of {P99Ms} ms";
        }

        if (measured.Ratio > Ratio)
        {
            yield return $"ratio {Table.Number(measured.Ratio, "0.00")} of {Table.Number(Ratio.Value, "0.00")}";
        }

        if (measured.Own > OwnBytes)
        {
            yield return $"{Table.Number(measured.Own, "0")} bytes allocated over the baseline's, of {OwnBytes}";
        }
    }
}
