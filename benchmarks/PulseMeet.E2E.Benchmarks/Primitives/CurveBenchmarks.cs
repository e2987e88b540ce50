using BenchmarkDotNet.Attributes;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Benchmarks.Primitives;

/// <summary>X25519 and Ed25519, whose one backend is BouncyCastle.</summary>
[MemoryDiagnoser]
public class CurveBenchmarks
{
    private readonly byte[] _privateKey = RawPrimitives.Bytes(32);
    private readonly byte[] _message = RawPrimitives.Bytes(256);
    private readonly byte[] _publicKey = new byte[32];
    private readonly byte[] _signingKey = new byte[32];
    private readonly byte[] _signature = new byte[64];
    private readonly byte[] _output = new byte[32];

    [GlobalSetup]
    public void Prepare()
    {
        X25519.DerivePublicKey(_privateKey, _publicKey);
        Ed25519.DerivePublicKey(_privateKey, _signingKey);
        Ed25519.Sign(_privateKey, _signingKey, _message, _signature);
    }

    [Benchmark]
    public bool X25519Agree() => X25519.TryAgree(_privateKey, _publicKey, _output);

    [Benchmark]
    public void X25519PublicKey() => X25519.DerivePublicKey(_privateKey, _output);

    [Benchmark]
    public void Ed25519Sign() => Ed25519.Sign(_privateKey, _signingKey, _message, _signature);

    [Benchmark]
    public bool Ed25519Verify() => Ed25519.Verify(_signingKey, _message, _signature);

    [Benchmark]
    public bool Ed25519ValidateKey() => Ed25519.IsValidPublicKey(_signingKey);
}
