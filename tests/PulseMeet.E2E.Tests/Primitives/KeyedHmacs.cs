using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>A key that is set once for many codes gives the codes of the single call, on every backend, and goes with its owner.</summary>
public sealed class KeyedHmacs
{
    private static readonly byte[] s_key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    public static TheoryData<string> Backends => LibcryptoHmac.IsSupported ? ["managed", "platform", "libcrypto"] : ["managed", "platform"];

    [Theory]
    [MemberData(nameof(Backends))]
    public void Its_codes_are_those_of_the_single_call_at_every_length(string backend)
    {
        using IKeyedHmac keyed = Make(backend);
        foreach (int length in new[] { 0, 1, 55, 56, 63, 64, 65, 1024, 1025, 5000, 0 })
        {
            byte[] data = [.. Enumerable.Range(0, length).Select(i => (byte)i)];
            byte[] code = new byte[Hmac.Size];
            keyed.Mac(data, code);
            Assert.Equal(System.Security.Cryptography.HMACSHA256.HashData(s_key, data), code);
        }
    }

    [Theory]
    [MemberData(nameof(Backends))]
    public void Calls_from_many_threads_do_not_mix(string backend)
    {
        using IKeyedHmac keyed = Make(backend);
        Parallel.For(0, 2000, i =>
        {
            byte[] data = BitConverter.GetBytes(i);
            byte[] code = new byte[Hmac.Size];
            keyed.Mac(data, code);
            Assert.Equal(System.Security.Cryptography.HMACSHA256.HashData(s_key, data), code);
        });
    }

    [Theory]
    [MemberData(nameof(Backends))]
    public void Once_disposed_it_gives_no_code(string backend)
    {
        IKeyedHmac keyed = Make(backend);
        keyed.Dispose();
        keyed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => keyed.Mac(default, new byte[Hmac.Size]));
    }

    [Fact]
    public void Where_its_owner_holds_the_key_it_is_zeroed_with_it()
    {
        IKeyedHmac keyed = PlatformHmac.Instance.Keyed(s_key);
        using var zeroed = new ZeroedMemory();
        keyed.Dispose();
        Assert.True(zeroed.Saw(s_key));
    }

    [Fact]
    public void Another_length_is_a_callers_mistake() => Assert.Throws<ArgumentException>("key", () => Hmac.Keyed(new byte[31]));

    private static IKeyedHmac Make(string backend) => backend switch
    {
        "libcrypto" => LibcryptoHmac.Instance.Keyed(s_key),
        "platform" => PlatformHmac.Instance.Keyed(s_key),
        _ => ManagedHmac.Instance.Keyed(s_key),
    };
}
