using BenchmarkDotNet.Running;
using PulseMeet.E2E.Benchmarks.Enforcing;
using PulseMeet.E2E.Benchmarks.Primitives;

string? resultFile = OptionValue("--json");
if (args.Contains("--enforce"))
{
    return EnforceCommand.Run(Word("--enforce"), resultFile);
}

if (args.Contains("--backends"))
{
    return BackendsCommand.Run(resultFile);
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;

string? OptionValue(string option)
{
    int at = Array.IndexOf(args, option);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}

string Word(string option) => OptionValue(option) is { } value && !value.StartsWith('-') ? value : "";
