using System.Diagnostics;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>Walks of this library and ts-mls in the same groups, in both suites that both have.</summary>
internal sealed class RunMlsInterop : ISubcommand
{
    public string Name => "mls-interop";

    public string Usage => "mls-interop FOLDER SEEDS STEPS  walks with ts-mls, whose peer.mjs is in FOLDER";

    public int Run(string[] args)
    {
        if (args.Length != 3 || !int.TryParse(args[1], out int seeds) || !int.TryParse(args[2], out int steps))
        {
            Console.Error.WriteLine(Usage);
            return ExitCode.Usage;
        }

        using var process = new TsMlsProcess(args[0]);
        foreach (int suite in new[] { 0x0001, 83 })
        {
            for (int seed = 1; seed <= seeds; seed++)
            {
                long started = Stopwatch.GetTimestamp();
                var walk = new InteropWalk(process, suite, seed);
                try
                {
                    walk.Run(steps);
                }
                catch (InvalidOperationException exception)
                {
                    Console.Error.WriteLine(exception.Message);
                    return ExitCode.Failed;
                }

                string counts = string.Join(", ", walk.Counts.Select(count => $"{count.Key} {count.Value}"));
                Console.WriteLine(
                    $"suite {suite,2}, seed {seed}: {steps} steps, equal authenticators after each, "
                    + $"{Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s ({counts})");
            }
        }

        return ExitCode.Passed;
    }
}
