using BenchmarkDotNet.Attributes;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Benchmarks.Primitives;

/// <summary>AES-256-GCM with a fresh key per call, by each backend.</summary>
[MemoryDiagnoser]
public class AesGcmBenchmarks
{
    private readonly byte[] _key = RawPrimitives.Bytes(AesGcm256.KeySize);
    private readonly byte[] _nonce = RawPrimitives.Bytes(AesGcm256.NonceSize);
    private byte[] _plaintext = [];
    private byte[] _sealed = [];

    [Params(40, 256, 2048, 4096, 8192, 65536)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _plaintext = new byte[Length];
        _sealed = new byte[Length + AesGcm256.TagSize];
        ManagedAesGcm.Instance.Seal(_key, _nonce, _plaintext, default, _sealed);
    }

    [Benchmark]
    public void ManagedSeal() => ManagedAesGcm.Instance.Seal(_key, _nonce, _plaintext, default, _sealed);

    [Benchmark]
    public void PlatformSeal() => PlatformAesGcm.Instance.Seal(_key, _nonce, _plaintext, default, _sealed);

    [Benchmark]
    public void LibcryptoSeal() => LibcryptoAesGcm.Instance.Seal(_key, _nonce, _plaintext, default, _sealed);

    [Benchmark]
    public bool LibcryptoOpen() => LibcryptoAesGcm.Instance.TryOpen(_key, _nonce, _sealed, default, _plaintext);

    [Benchmark]
    public bool ManagedOpen() => ManagedAesGcm.Instance.TryOpen(_key, _nonce, _sealed, default, _plaintext);

    [Benchmark]
    public bool PlatformOpen() => PlatformAesGcm.Instance.TryOpen(_key, _nonce, _sealed, default, _plaintext);
}
