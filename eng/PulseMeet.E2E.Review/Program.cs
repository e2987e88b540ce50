using PulseMeet.E2E.Review;
using PulseMeet.E2E.Review.Legacy;
using PulseMeet.E2E.Review.Media;
using PulseMeet.E2E.Review.Mls;
using PulseMeet.E2E.Review.Vectors;
using PulseMeet.E2E.Review.Wycheproof;

ISubcommand[] subcommands = [new VerifyLegacy(), new RunWycheproof(), new WriteVectors(), new X25519Million(), new OpenFloeAnswers(), new MediaMemory(), new RunMlsVectors()];
ISubcommand? chosen = subcommands.FirstOrDefault(subcommand => args.Length > 0 && subcommand.Name == args[0]);
if (chosen is null)
{
    Console.Error.WriteLine("Commands for reviewers:");
    foreach (ISubcommand subcommand in subcommands)
    {
        Console.Error.WriteLine($"  {subcommand.Usage}");
    }

    return ExitCode.Usage;
}

return chosen.Run(args[1..]);
