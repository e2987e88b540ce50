using BenchmarkDotNet.Attributes;
using PulseMeet.E2E.Benchmarks.Measuring;

namespace PulseMeet.E2E.Benchmarks.Handshake;

/// <summary>Bundles and both sides of the handshake; what a step uses up is made before each iteration.</summary>
[MemoryDiagnoser]
[InvocationCount(Steps)]
public class HandshakeBenchmarks : IDisposable
{
    private const int Steps = 64;

    private readonly HandshakeWorkloads _workloads = new();
    private readonly BareHandshake _bare = new();

    private Workload Workload { get; set; } = new(() => { });

    [IterationSetup(Target = nameof(CreateBundle))]
    public void SetUpBundle() => Use(_workloads.CreateBundle);

    [IterationSetup(Target = nameof(Initiate))]
    public void SetUpInitiate() => Use(_workloads.Initiate);

    [IterationSetup(Target = nameof(Accept))]
    public void SetUpAccept() => Use(_workloads.Accept);

    [IterationSetup(Target = nameof(BothSides))]
    public void SetUpBothSides() => Use(_workloads.Both);

    [IterationSetup(Target = nameof(BarePrimitives))]
    public void SetUpBarePrimitives() => Use(_bare.Both);

    [Benchmark]
    public void CreateBundle() => Workload.Run(1);

    [Benchmark]
    public void Initiate() => Workload.Run(1);

    [Benchmark]
    public void Accept() => Workload.Run(1);

    [Benchmark]
    public void BothSides() => Workload.Run(1);

    [Benchmark(Baseline = true)]
    public void BarePrimitives() => Workload.Run(1);

    public void Dispose()
    {
        _workloads.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Use(Workload workload)
    {
        Workload = workload;
        workload.Prepare(Steps);
    }
}
