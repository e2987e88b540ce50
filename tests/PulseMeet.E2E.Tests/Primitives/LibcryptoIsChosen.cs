using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>The machine's own libcrypto is called only where it is the one that .NET uses, whole, and right; everywhere else the other
/// backends serve.</summary>
public sealed class LibcryptoIsChosen
{
    private const string Library = "libcrypto.so.3";

    /// <summary>A small library of the C library's, which nobody else here loads: its name stands for libcrypto's.</summary>
    private const string Small = "libanl.so.1";

    /// <summary>Asked once: what a process has loaded from beside itself it finds again.</summary>
    private static readonly bool s_servesAlone = Libcrypto.Open(Small, "default", NetsVersion) != 0;

    internal static long NetsVersion() => OperatingSystem.IsLinux() ? SafeEvpPKeyHandle.OpenSslVersion : 0;

    [Fact]
    public void Where_everything_is_as_it_has_to_be_it_serves()
    {
        bool isThere = NetsVersion() >> 28 == 3;
        Assert.Equal(isThere, Libcrypto.Open(Library, "default", NetsVersion) != 0);
        Assert.Equal(Environment.GetEnvironmentVariable(Backends.Variable)?.ToUpperInvariant() != "MANAGED", Backends.UsesLibcrypto);
        bool isOn = isThere && Backends.UsesLibcrypto;
        Assert.Equal(isOn, LibcryptoX25519.IsSupported);
        Assert.Equal(isOn, LibcryptoHmac.IsSupported);
        Assert.Equal(isOn, LibcryptoAesGcm.IsSupported);
        Assert.Equal(isOn, KnownAnswers.All.Count(check => check is { Backend: "libcrypto", Role: "used" }) == 4);
    }

    [Fact]
    public void Another_version_than_dot_NETs_an_older_one_and_none_at_all_do_not()
    {
        Assert.Equal(0, Libcrypto.Open(Library, "default", () => NetsVersion() + 0x10));
        Assert.Equal(0, Libcrypto.Open(Library, "default", () => 0x1010117f));
        Assert.Equal(0, Libcrypto.Open(Library, "default", () => 0));
    }

    [Fact]
    public void A_library_that_is_not_there_does_not() =>
        Assert.Equal(0, Libcrypto.Open("libcrypto.so.99", "default", NetsVersion));

    [Fact]
    public void A_provider_that_is_not_there_or_refuses_does_not()
    {
        Assert.Equal(0, Libcrypto.Open(Library, "no such provider", NetsVersion));
        Assert.Equal(0, Libcrypto.Open(Library, "no-such-provider-either", NetsVersion));
    }

    [Fact]
    public void Where_another_file_of_its_name_lies_beside_the_app_it_does_not()
    {
        string beside = Path.Combine(AppContext.BaseDirectory, Small);
        if (NetsVersion() >> 28 != 3 || !NativeLibrary.TryLoad(Small, out _))
        {
            return;
        }

        Assert.True(s_servesAlone);
        string map = File.ReadLines("/proc/self/maps").First(line => line.EndsWith(Small, StringComparison.Ordinal));
        File.Copy(map[map.IndexOf('/', StringComparison.Ordinal)..], beside, overwrite: true);
        try
        {
            Assert.Equal(0, Libcrypto.Open(Small, "default", NetsVersion));
        }
        finally
        {
            File.Delete(beside);
        }
    }

    [Fact]
    public void A_platform_without_OpenSSL_does_not() =>
        Assert.Equal(0, Libcrypto.Open(Library, "default", () => throw new PlatformNotSupportedException()));

    [Fact]
    public void A_backend_with_a_wrong_answer_or_that_fails_is_not_taken()
    {
        Assert.False(Backends.Passes(() => KnownAnswers.X25519Agreement(new Wrong(refuses: false))));
        Assert.False(Backends.Passes(() => KnownAnswers.X25519Agreement(new Wrong(refuses: true))));
        Assert.False(Backends.Passes(() => throw Libcrypto.Failure()));
        Assert.False(Backends.Passes(() => throw new EntryPointNotFoundException()));
        Assert.True(Backends.Passes(() => KnownAnswers.X25519Agreement(ManagedX25519.Instance)));
        Assert.False(Backends.Passes(() => false, () => true));
        Assert.False(Backends.Passes(() => true, () => false));
    }

    /// <summary>Agrees on the right secret and does not refuse a key of low order; or refuses it and agrees on another secret.</summary>
    private sealed class Wrong(bool refuses) : IX25519Backend
    {
        public bool TryAgree(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> sharedSecret)
        {
            bool agreed = ManagedX25519.Instance.TryAgree(privateKey, publicKey, sharedSecret);
            sharedSecret[0] ^= refuses && agreed ? (byte)1 : (byte)0;
            return agreed || !refuses;
        }
    }
}
