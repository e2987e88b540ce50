using BenchmarkDotNet.Attributes;
using PulseMeet.E2E.Benchmarks.Measuring;

namespace PulseMeet.E2E.Benchmarks.Ratchet;

/// <summary>Opening alone, in order and out of order; the messages are sealed before each iteration.</summary>
[MemoryDiagnoser]
[InvocationCount(Messages)]
public class OpeningBenchmarks
{
    private const int Messages = 1024;

    private RatchetWorkloads _workloads = new(0);
    private Workload _open = new(() => { });

    [Params(16, 256, 4096, 65536)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Prepare() => _workloads = new RatchetWorkloads(Length);

    [IterationSetup(Target = nameof(Open))]
    public void SealInOrder() => Use(_workloads.Open);

    [IterationSetup(Target = nameof(OpenOutOfOrder))]
    public void SealOutOfOrder() => Use(_workloads.OpenOutOfOrder);

    [Benchmark]
    public void Open() => _open.Run(1);

    /// <summary>In windows of 64 messages, each window backwards.</summary>
    [Benchmark]
    public void OpenOutOfOrder() => _open.Run(1);

    private void Use(Workload workload)
    {
        _open = workload;
        workload.Prepare(Messages);
    }
}
