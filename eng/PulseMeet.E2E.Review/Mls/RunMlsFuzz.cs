using System.Diagnostics;

namespace PulseMeet.E2E.Review.Mls;

/// <summary>Hostile bytes for MLS for as long as one likes.</summary>
internal sealed class RunMlsFuzz : ISubcommand
{
    public string Name => "mls-fuzz";

    public string Usage => "mls-fuzz SECONDS [SEED]         hostile bytes for every decoder of MLS";

    public int Run(string[] args)
    {
        int seed = Environment.TickCount;
        if (args.Length is < 1 or > 2
            || !int.TryParse(args[0], out int seconds)
            || (args.Length == 2 && !int.TryParse(args[1], out seed)))
        {
            Console.Error.WriteLine(Usage);
            return ExitCode.Usage;
        }

        long started = Stopwatch.GetTimestamp();
        var fuzz = new MlsFuzz(seed);
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds)
        {
            try
            {
                fuzz.Run(10);
            }
            catch (InvalidOperationException exception)
            {
                Console.Error.WriteLine($"seed {seed}: {exception.Message}");
                return ExitCode.Failed;
            }
        }

        Console.WriteLine($"seed {seed}: {fuzz.Counts.Refused} refused, {fuzz.Counts.Read} read, nothing else");
        return ExitCode.Passed;
    }
}
