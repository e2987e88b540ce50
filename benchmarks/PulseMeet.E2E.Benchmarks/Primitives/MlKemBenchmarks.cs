using BenchmarkDotNet.Attributes;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Benchmarks.Primitives;

/// <summary>ML-KEM-768 by each backend that this machine has; the platform's needs OpenSSL 3.5 or a recent Windows.</summary>
[MemoryDiagnoser]
public class MlKemBenchmarks
{
    private readonly byte[] _seed = RawPrimitives.Bytes(MlKem768.SeedSize);
    private readonly byte[] _key = new byte[MlKem768.EncapsulationKeySize];
    private readonly byte[] _ciphertext = new byte[MlKem768.CiphertextSize];
    private readonly byte[] _secret = new byte[MlKem768.SharedSecretSize];
    private IMlKemBackend _backend = ManagedMlKem.Instance;

    [ParamsSource(nameof(Names))]
    public string Backend { get; set; } = "";

    public static IEnumerable<string> Names => Backends.AllMlKem.Select(backend => backend.GetType().Name);

    [GlobalSetup]
    public void Prepare()
    {
        _backend = Backends.AllMlKem.Single(backend => backend.GetType().Name == Backend);
        _backend.DeriveEncapsulationKey(_seed, _key);
        _backend.TryEncapsulate(_key, _ciphertext, _secret);
    }

    [Benchmark]
    public void DeriveEncapsulationKey() => _backend.DeriveEncapsulationKey(_seed, _key);

    [Benchmark]
    public bool Encapsulate() => _backend.TryEncapsulate(_key, _ciphertext, _secret);

    [Benchmark]
    public void Decapsulate() => _backend.Decapsulate(_seed, _ciphertext, _secret);
}
