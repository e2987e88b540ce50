using BenchmarkDotNet.Attributes;
using PulseMeet.E2E.Benchmarks.Measuring;

namespace PulseMeet.E2E.Benchmarks.Ratchet;

/// <summary>Messages of 16 bytes to 64 KiB in an established session: one way, in turns, and with the state stored.</summary>
[MemoryDiagnoser]
public class RatchetBenchmarks
{
    private Workload _seal = new(() => { });
    private Workload _oneWay = new(() => { });
    private Workload _pingPong = new(() => { });
    private Workload _oneWayStored = new(() => { });
    private Workload _bareSeal = new(() => { });

    [Params(16, 256, 4096, 65536)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _seal = new RatchetWorkloads(Length).Seal;
        _oneWay = new RatchetWorkloads(Length).OneWay;
        _pingPong = new RatchetWorkloads(Length).PingPong;
        _oneWayStored = new RatchetWorkloads(Length).OneWayStored;
        _bareSeal = new RatchetWorkloads(Length).BareSeal;
    }

    [Benchmark(Baseline = true)]
    public void BareSeal() => _bareSeal.Run(1);

    [Benchmark]
    public void Seal() => _seal.Run(1);

    /// <summary>One message sealed and opened.</summary>
    [Benchmark]
    public void OneWay() => _oneWay.Run(1);

    /// <summary>A message and its answer: a ratchet step on each side.</summary>
    [Benchmark]
    public void PingPong() => _pingPong.Run(1);

    /// <summary>One message, with both states written and read for it.</summary>
    [Benchmark]
    public void OneWayStored() => _oneWayStored.Run(1);
}
