using BenchmarkDotNet.Attributes;
using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Benchmarks.Sealing;

/// <summary>Single messages under a conversation key, with each padding.</summary>
[MemoryDiagnoser]
public class SealingBenchmarks
{
    private Workload _seal = new(() => { });
    private Workload _open = new(() => { });

    [Params("none", "padme", "block")]
    public string Padding { get; set; } = "";

    [Params(16, 256, 4096, 65536)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        PaddingScheme padding = Padding switch
        {
            "none" => PaddingScheme.None,
            "padme" => PaddingScheme.Padme,
            _ => PaddingScheme.Block(512),
        };
        var workloads = new SealingWorkloads(Length, padding);
        (_seal, _open) = (workloads.Seal, workloads.Open);
    }

    [Benchmark]
    public void Seal() => _seal.Run(1);

    [Benchmark]
    public void Open() => _open.Run(1);
}
