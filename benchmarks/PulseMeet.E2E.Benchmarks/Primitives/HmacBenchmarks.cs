using BenchmarkDotNet.Attributes;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Benchmarks.Primitives;

/// <summary>HMAC-SHA-256 and HKDF-SHA-256 with a fresh key per call, by each backend.</summary>
[MemoryDiagnoser]
public class HmacBenchmarks
{
    private readonly byte[] _key = RawPrimitives.Bytes(32);
    private readonly byte[] _data = RawPrimitives.Bytes(32);
    private readonly byte[] _output = new byte[32];

    [Benchmark]
    public void ManagedMac() => ManagedHmac.Instance.Mac(_key, _data, _output);

    [Benchmark]
    public void PlatformMac() => PlatformHmac.Instance.Mac(_key, _data, _output);

    [Benchmark]
    public void LibcryptoMac() => LibcryptoHmac.Instance.Mac(_key, _data, _output);

    [Benchmark]
    public void ManagedExtract() => ManagedHmac.Instance.Extract(_data, _key, _output);

    [Benchmark]
    public void PlatformExtract() => PlatformHmac.Instance.Extract(_data, _key, _output);

    [Benchmark]
    public void LibcryptoExtract() => LibcryptoHmac.Instance.Extract(_data, _key, _output);

    [Benchmark]
    public void ManagedExpand() => ManagedHmac.Instance.Expand(_key, _data, _output);

    [Benchmark]
    public void PlatformExpand() => PlatformHmac.Instance.Expand(_key, _data, _output);

    [Benchmark]
    public void LibcryptoExpand() => LibcryptoHmac.Instance.Expand(_key, _data, _output);
}
