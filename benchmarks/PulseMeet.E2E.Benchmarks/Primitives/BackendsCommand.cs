using PulseMeet.E2E.Benchmarks.Measuring;

namespace PulseMeet.E2E.Benchmarks.Primitives;

/// <summary>Prints every primitive with every backend, and writes the figures for benchmarks/README.md, "Backends".</summary>
internal static class BackendsCommand
{
    public static int Run(string? resultFile)
    {
        Measurement[] rows =
        [
            .. PrimitiveRows.MeasureAesGcm(),
            .. PrimitiveRows.MeasureHeldKeys(),
            .. PrimitiveRows.MeasureHmac(),
            .. PrimitiveRows.MeasureRandomness(),
            .. PrimitiveRows.MeasureMlKem(),
            .. PrimitiveRows.MeasureCurves(),
        ];
        Table.Print(rows
            .Select(row => new[] { row.Id, Table.Duration(row.Mean), Table.Number(row.Allocated, "0") + " B" })
            .Prepend(["", "mean", "allocated"]));
        if (resultFile is not null)
        {
            ResultFile.Write(resultFile, rows);
        }

        return 0;
    }
}
