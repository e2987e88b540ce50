using System.Diagnostics;

namespace PulseMeet.E2E.Benchmarks.Measuring;

/// <summary>
/// Measures a workload, and a ratio to another one by turns: a batch of the subject, a batch of the baseline, a batch of the
/// subject. What else the machine does then falls on both alike, and the median of the batches' ratios forgets the rest.
/// </summary>
internal static class Stopwatching
{
    private const int Batches = 151;
    private static readonly TimeSpan s_batch = TimeSpan.FromMilliseconds(3);
    private static readonly TimeSpan s_warmUp = TimeSpan.FromMilliseconds(600);

    public static Measurement Measure(string id, Workload subject, Workload? baseline = null, int singleSteps = 0)
    {
        int steps = Calibrate(subject);
        int baselineSteps = baseline is null ? 0 : Calibrate(baseline);
        double[] means = new double[Batches];
        double[] walls = new double[Batches];
        double[] baselines = new double[Batches];
        double[] ratios = new double[Batches];
        for (int i = 0; i < Batches; i++)
        {
            (walls[i], means[i]) = TimeBatch(subject, steps);
            if (baseline is not null)
            {
                baselines[i] = TimeBatch(baseline, baselineSteps).Processor;
                ratios[i] = means[i] / baselines[i];
            }
        }

        double allocated = CountAllocation(subject, steps);
        return new Measurement(
            id,
            MeanOfFastest(means, 0.9),
            singleSteps > 0 ? TimeSingleSteps(subject, singleSteps) : double.NaN,
            MeanOfFastest(walls, 0.5),
            allocated,
            baseline is null ? double.NaN : allocated - CountAllocation(baseline, baselineSteps),
            baseline is null ? double.NaN : MeanOfFastest(baselines, 0.9),
            baseline is null ? double.NaN : Median(ratios));
    }

    /// <summary>Runs until the code is compiled at its last tier, and finds how many steps fill a batch. What makes a batch ready does not
    /// count: where it takes longer than the steps, they would hardly have run.</summary>
    private static int Calibrate(Workload workload)
    {
        int steps = 1;
        double total = 0;
        while (true)
        {
            double elapsed = TimeBatch(workload, steps).Wall * steps;
            total += elapsed;
            if (total > s_warmUp.TotalNanoseconds && elapsed * 2 > s_batch.TotalNanoseconds)
            {
                return Math.Max(1, (int)(steps * s_batch.TotalNanoseconds / elapsed));
            }

            if (elapsed * 2 < s_batch.TotalNanoseconds)
            {
                steps *= 2;
            }
        }
    }

    /// <returns>Nanoseconds per step.</returns>
    private static (double Wall, double Processor) TimeBatch(Workload workload, int steps)
    {
        workload.Prepare(steps);
        var clock = BatchClock.Start();
        workload.Run(steps);
        (double wall, double processor) = clock.Elapsed();
        return (wall / steps, processor / steps);
    }

    private static double TimeSingleSteps(Workload workload, int count)
    {
        double[] durations = new double[count];
        for (int i = 0; i < count; i++)
        {
            workload.Prepare(1);
            long start = Stopwatch.GetTimestamp();
            workload.Run(1);
            durations[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        }

        Array.Sort(durations);
        return durations[count * 99 / 100];
    }

    private static double CountAllocation(Workload workload, int steps)
    {
        workload.Prepare(steps);
        long before = GC.GetAllocatedBytesForCurrentThread();
        workload.Run(steps);
        return Math.Round((GC.GetAllocatedBytesForCurrentThread() - before) / (double)steps, 1);
    }

    private static double MeanOfFastest(double[] values, double share) =>
        values.Order().Take((int)(values.Length * share)).Average();

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
