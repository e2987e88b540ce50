using BenchmarkDotNet.Attributes;

namespace PulseMeet.E2E.Benchmarks.Derivation;

/// <summary>Each key that an app derives.</summary>
[MemoryDiagnoser]
public class DerivationBenchmarks
{
    private readonly DerivationWorkloads _workloads = new();
    private readonly Measuring.Workload _bare = DerivationWorkloads.BareAgreement;
    private readonly Dictionary<string, Measuring.Workload> _steps;

    public DerivationBenchmarks() => _steps = new()
    {
        ["key pair"] = _workloads.KeyPair,
        ["conversation, media and authentication"] = _workloads.Conversation,
        ["archive"] = _workloads.Archive,
        ["media file"] = _workloads.MediaFile,
        ["device"] = _workloads.Device,
        ["backup"] = _workloads.Backup,
    };

    [Params("key pair", "conversation, media and authentication", "archive", "media file", "device", "backup")]
    public string Key { get; set; } = "";

    [Benchmark(Baseline = true)]
    public void BareAgreement() => _bare.Run(1);

    [Benchmark]
    public void Derive() => _steps[Key].Run(1);
}
