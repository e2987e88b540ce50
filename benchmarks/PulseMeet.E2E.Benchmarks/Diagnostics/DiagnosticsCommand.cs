using System.Diagnostics.Metrics;
using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Benchmarks.Ratchet;
using PulseMeet.E2E.Diagnostics;

namespace PulseMeet.E2E.Benchmarks.Diagnostics;

/// <summary>What measuring itself costs: <c>--diagnostics [--enforce]</c>. Sealing 256 bytes with a listener, as a ratio to sealing without
/// one, by turns in one run; and the bare call where nobody listens.</summary>
internal static class DiagnosticsCommand
{
    private const double Budget = 1.03;

    private static long s_heard;

    public static int Run(bool enforce)
    {
        MeterListener? listener = null;
        void Hear(bool isOn)
        {
            listener?.Dispose();
            listener = isOn ? Listen() : null;
        }

        Workload seal = new RatchetWorkloads(256).Seal;
        Measurement ratio = Stopwatching.Measure(
            "sealing 256 bytes with a listener",
            new Workload(() => seal.Run(1), _ => Hear(isOn: true)),
            new Workload(() => seal.Run(1), _ => Hear(isOn: false)));
        Hear(isOn: false);
        Measurement bare = Stopwatching.Measure("a count that nobody hears", new(Telemetry.MessageSealed));
        Hear(isOn: true);
        Measurement heard = Stopwatching.Measure("a count that is heard", new(Telemetry.MessageSealed));
        Hear(isOn: false);
        Table.Print(
        [
            ["", "mean", "ratio"],
            [ratio.Id, Table.Duration(ratio.Mean), Table.Number(ratio.Ratio, "0.000")],
            ["sealing 256 bytes without", Table.Duration(ratio.Baseline), ""],
            [bare.Id, Table.Duration(bare.Mean), Table.Number(bare.Mean / ratio.Baseline, "0.0000")],
            [heard.Id, Table.Duration(heard.Mean), Table.Number(heard.Mean / ratio.Baseline, "0.0000")],
        ]);
        Console.WriteLine($"{s_heard} measurements were heard.");
        return enforce && ratio.Ratio > Budget ? 1 : 0;
    }

    private static MeterListener Listen()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Name == E2EDiagnostics.MeterName)
                {
                    own.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref s_heard, value));
        listener.Start();
        return listener;
    }
}
