using BenchmarkDotNet.Attributes;
using PulseMeet.E2E.Benchmarks.Measuring;

namespace PulseMeet.E2E.Benchmarks.Media;

/// <summary>Files in memory, beside the bare AES-GCM and SHA-256 over as many bytes.</summary>
[MemoryDiagnoser]
public class MediaBenchmarks
{
    private Workload _seal = new(() => { });
    private Workload _open = new(() => { });
    private Workload _bare = new(() => { });

    [Params(65536, 1048576, 16777216)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _seal = new MediaWorkloads(Length).Seal;
        _open = new MediaWorkloads(Length).Open;
        _bare = new MediaWorkloads(Length).Bare;
    }

    [Benchmark(Baseline = true)]
    public void Bare() => _bare.Run(1);

    [Benchmark]
    public void Seal() => _seal.Run(1);

    [Benchmark]
    public void Open() => _open.Run(1);
}
