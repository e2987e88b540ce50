using System.Diagnostics;
using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Benchmarks.Ratchet;
using PulseMeet.E2E.Ratchet;

namespace PulseMeet.E2E.Benchmarks.Growth;

/// <summary>What one message costs, and how large the stored state is, after many messages and with a full store of skipped
/// keys.</summary>
internal static class GrowthCommand
{
    private const int Length = 256;
    private const int Samples = 600;

    private static readonly byte[] s_plaintext = new byte[Length];

    public static int Run(string? resultFile)
    {
        // The first conversations compile the code; their figures are thrown away.
        Measure("", 100_000, OneWay);
        Measure("", 10_000, PingPong);
        Point[] points =
        [
            Measure("one-way", 10, OneWay),
            Measure("one-way", 1_000, OneWay),
            Measure("one-way", 100_000, OneWay),
            Measure("ping-pong", 10, PingPong),
            Measure("ping-pong", 1_000, PingPong),
            Measure("ping-pong", 100_000, PingPong),
            Measure("one-way, full skipped-key store", RatchetLimits.MaxSkippedKeys, FillSkipped),
        ];
        Table.Print(points
            .Select(point => new[]
            {
                $"{point.Kind}, after {point.Messages} messages",
                Table.Duration(point.Seal),
                Table.Duration(point.Open),
                Table.Duration(point.Save),
                Table.Duration(point.Load),
                $"{point.StateSize} B",
            })
            .Prepend(["", "seal", "open", "save", "load", "state"]));
        if (resultFile is not null)
        {
            ResultFile.Write(resultFile, points);
        }

        return 0;
    }

    /// <param name="Kind">How the conversation went.</param>
    /// <param name="Messages">How many messages had gone before.</param>
    /// <param name="Seal">Sealing one message, median, in nanoseconds.</param>
    /// <param name="Open">Opening one message, median, in nanoseconds.</param>
    /// <param name="Save">Serialising the receiver's state, median, in nanoseconds.</param>
    /// <param name="Load">Reading it again, median, in nanoseconds.</param>
    /// <param name="StateSize">The receiver's serialised state, in bytes.</param>
    private sealed record Point(string Kind, int Messages, double Seal, double Open, double Save, double Load, int StateSize);

    private static Point Measure(string kind, int messages, Action<Pair, int> converse)
    {
        var pair = new Pair();
        converse(pair, messages);
        int stateSize = pair.Bob.Serialize().Length;
        double[] seal = new double[Samples];
        double[] open = new double[Samples];
        double[] save = new double[Samples];
        double[] load = new double[Samples];
        for (int i = 0; i < Samples; i++)
        {
            byte[] message = [];
            byte[] state = [];
            seal[i] = Time(() => message = pair.Alice.Seal(s_plaintext));
            open[i] = Time(() => pair.Bob.Open(message));
            save[i] = Time(() => state = pair.Bob.Serialize());
            load[i] = Time(() => RatchetSession.Deserialize(state, pair.Options, TimeProvider.System).Dispose());
        }

        return new(kind, messages, Median(seal), Median(open), Median(save), Median(load), stateSize);
    }

    private static void OneWay(Pair pair, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            pair.OneWay(s_plaintext);
        }
    }

    private static void PingPong(Pair pair, int messages)
    {
        for (int i = 0; i < messages; i += 2)
        {
            pair.PingPong(s_plaintext);
        }
    }

    /// <summary>That many messages are lost, and the next one opens: the receiver keeps a key for each.</summary>
    private static void FillSkipped(Pair pair, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            pair.Alice.Seal(s_plaintext);
        }

        pair.OneWay(s_plaintext);
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds;
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
