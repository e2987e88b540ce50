using PulseMeet.E2E.Benchmarks.Measuring;

namespace PulseMeet.E2E.Benchmarks.Enforcing;

/// <summary>Measures every budgeted row, prints them, and says which budgets are broken.</summary>
internal static class EnforceCommand
{
    /// <param name="prefix">Only rows whose id begins so; empty for all.</param>
    /// <param name="resultFile">Where the figures are written as JSON, or null.</param>
    /// <returns>The exit code: 1 where a budget is broken.</returns>
    public static int Run(string prefix, string? resultFile)
    {
        IReadOnlyDictionary<string, Budget> budgets = Budget.ReadAll();
        Scenario[] scenarios = [.. Scenario.All.Where(scenario => scenario.Id.StartsWith(prefix, StringComparison.Ordinal))];
        if (scenarios.Length == 0)
        {
            Console.Error.WriteLine($"No budget begins with «{prefix}».");
            return 2;
        }

        var measured = new List<Measurement>();
        var rows = new List<IReadOnlyList<string>> { Heading };
        var broken = new List<string>();
        foreach (Scenario scenario in scenarios)
        {
            Measurement row = MeasureWithin(scenario, budgets[scenario.Id]);
            measured.Add(row);
            rows.Add(Describe(row, budgets[row.Id]));
            broken.AddRange(budgets[row.Id].BrokenBy(row).Select(what => $"{row.Id}: {what}"));
        }

        Table.Print(rows);
        IReadOnlyDictionary<string, int> sizes = prefix.Length == 0 ? WireSizes.Measure() : new Dictionary<string, int>();
        foreach ((string id, int size) in sizes)
        {
            Console.WriteLine($"{id}: {size} bytes of {budgets[id].Bytes} over the plaintext");
            if (size > budgets[id].Bytes)
            {
                broken.Add($"{id}: {size} bytes of {budgets[id].Bytes}");
            }
        }

        if (resultFile is not null)
        {
            ResultFile.Write(resultFile, new { Budgeted = measured, Sizes = sizes });
        }

        broken.ForEach(line => Console.WriteLine("BROKEN  " + line));
        Console.WriteLine(broken.Count == 0 ? "Every budget is kept." : $"{broken.Count} budgets are broken.");
        return broken.Count == 0 ? 0 : 1;
    }

    /// <summary>Measures again, twice at most, what breaks its budget: a library that is too slow is so every time, a machine
    /// that is busy is not.</summary>
    private static Measurement MeasureWithin(Scenario scenario, Budget budget)
    {
        Measurement row = scenario.Measure();
        for (int again = 0; again < 2 && budget.BrokenBy(row).Any(); again++)
        {
            row = scenario.Measure();
        }

        return row;
    }

    private static readonly string[] Heading = ["", "mean", "p99", "allocated", "own", "baseline", "ratio", "budget"];

    private static string[] Describe(Measurement row, Budget budget) =>
    [
        row.Id,
        Table.Duration(row.Mean),
        Table.Duration(row.P99),
        Table.Number(row.Allocated, "0") + " B",
        double.IsNaN(row.Own) ? "" : Table.Number(row.Own, "0") + " B",
        Table.Duration(row.Baseline),
        Table.Number(row.Ratio, "0.00"),
        string.Join(", ", Bounds(budget)),
    ];

    private static IEnumerable<string> Bounds(Budget budget)
    {
        if (budget.MeanMs is { } mean)
        {
            yield return $"mean < {Table.Number(mean, "0")} ms";
        }

        if (budget.P99Ms is { } p99)
        {
            yield return $"p99 < {Table.Number(p99, "0")} ms";
        }

        if (budget.Ratio is { } ratio)
        {
            yield return $"ratio <= {Table.Number(ratio, "0.00")}";
        }

        if (budget.OwnBytes is { } bytes)
        {
            yield return $"own <= {Table.Number(bytes, "0")} B";
        }
    }
}
