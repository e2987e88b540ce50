using BenchmarkDotNet.Running;
using PulseMeet.E2E.Benchmarks.Client;
using PulseMeet.E2E.Benchmarks.Diagnostics;
using PulseMeet.E2E.Benchmarks.Enforcing;
using PulseMeet.E2E.Benchmarks.Growth;
using PulseMeet.E2E.Benchmarks.Media;
using PulseMeet.E2E.Benchmarks.Mls;
using PulseMeet.E2E.Benchmarks.Peers;
using PulseMeet.E2E.Benchmarks.Primitives;
using PulseMeet.E2E.Benchmarks.Verification;
using PulseMeet.E2E.Benchmarks.Storage;

string? resultFile = OptionValue("--json");
switch (args.FirstOrDefault())
{
    case "--enforce":
        return EnforceCommand.Run(OptionValue("--enforce") ?? "", resultFile);
    case "--growth":
        return GrowthCommand.Run(resultFile);
    case "--backends":
        return BackendsCommand.Run(resultFile);
    case "--media":
        return MediaCommand.Run(enforce: args.Contains("--enforce"));
    case "--mls":
        return MlsCommand.Run(OptionValue("--beside") is { } sizes ? [.. sizes.Split(',').Select(int.Parse)] : null, resultFile);
    case "--groups":
        return PulseCommand.Run(resultFile);
    case "--storage":
        return await StorageCommand.RunAsync();
    case "--client":
        return await ClientCommand.RunAsync(int.Parse(OptionValue("--client") ?? "40", null));
    case "--parallel":
        return await ParallelConversations.MeasureAsync(int.Parse(OptionValue("--parallel") ?? "15", null), enforce: args.Contains("--enforce"));
    case "--peers":
        return PeersCommand.Run(resultFile);
    case "--verification":
        return VerificationCommand.Run();
    case "--diagnostics":
        return DiagnosticsCommand.Run(enforce: args.Contains("--enforce"));
    default:
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
        return 0;
}

string? OptionValue(string option)
{
    int at = Array.IndexOf(args, option);
    return at >= 0 && at + 1 < args.Length && !args[at + 1].StartsWith('-') ? args[at + 1] : null;
}
