using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>Where libcrypto is left out, the backends that every platform has serve, and compute the same.</summary>
/// <remarks>Alone, since the switch is the process's.</remarks>
[Collection(nameof(BackendsAreSwitched))]
[CollectionDefinition(nameof(BackendsAreSwitched), DisableParallelization = true)]
public sealed class BackendsAreSwitched : IDisposable
{
    private readonly bool _before = Backends.UsesLibcrypto;

    public void Dispose() => Backends.UsesLibcrypto = _before;

    [Fact]
    public void Without_libcrypto_the_others_serve_with_the_same_codes()
    {
        byte[] data = [.. Enumerable.Range(0, 300).Select(i => (byte)i)];
        byte[][] before = [.. Hashes().Select(hash => Code(hash, data))];
        Assert.All(Hashes(), hash => Assert.Equal(_before && LibcryptoHmac.IsSupported, hash.Direct is not null));
        Backends.UsesLibcrypto = false;
        Assert.All(Hashes(), hash => Assert.Null(hash.Direct));
        Assert.IsType<ManagedX25519>(X25519.Backend);
        Assert.IsType<PlatformHmac>(Hmac.Backend);
        foreach (int length in new[] { 0, AesGcm256.PlatformFrom - 1, AesGcm256.PlatformFrom })
        {
            Assert.Same(AesGcm256.OtherBackendFor(length), AesGcm256.BackendFor(length));
        }

        Assert.Equal(before, Hashes().Select(hash => Code(hash, data)));
    }

    private static HashFunction[] Hashes() => [HashFunction.Sha256, HashFunction.Sha384, HashFunction.Sha512];

    private static byte[] Code(HashFunction hash, byte[] data)
    {
        byte[] code = new byte[hash.Size];
        hash.Mac(data.AsSpan(0, 32), data, code);
        return code;
    }
}
