using BenchmarkDotNet.Attributes;
using PulseMeet.E2E.Ratchet;

namespace PulseMeet.E2E.Benchmarks.Ratchet;

/// <summary>Writing and reading a session's state, without and with a full store of skipped keys.</summary>
[MemoryDiagnoser]
public class StateBenchmarks
{
    private readonly Pair _pair = new();
    private byte[] _state = [];

    [Params(0, RatchetLimits.MaxSkippedKeys)]
    public int SkippedKeys { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        for (int i = 0; i < SkippedKeys; i++)
        {
            _pair.Alice.Seal(default);
        }

        _pair.OneWay([]);
        _state = _pair.Bob.Serialize();
    }

    [Benchmark]
    public byte[] Save() => _pair.Bob.Serialize();

    [Benchmark]
    public void Load() => RatchetSession.Deserialize(_state, _pair.Options, TimeProvider.System).Dispose();
}
