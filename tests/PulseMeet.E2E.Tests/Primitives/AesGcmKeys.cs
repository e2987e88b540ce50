using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>A key that is set once for many segments gives the same bytes as one that is set for each, on either backend, and goes
/// with its owner.</summary>
public sealed class AesGcmKeys
{
    private static readonly byte[] s_key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly byte[] s_nonce = new byte[12];

    public static TheoryData<string> Backends
    {
        get
        {
            var backends = new TheoryData<string>("managed", "records");
            if (PlatformAesGcm.IsSupported)
            {
                backends.Add("platform");
            }

            if (LibcryptoAesGcm.IsSupported)
            {
                backends.Add("libcrypto");
            }

            return backends;
        }
    }

    private static AesGcm256Key Make(string backend, byte[]? key = null) => backend == "records"
        ? AesGcm256Key.ForRecords(key ?? s_key)
        : new AesGcm256Key(key ?? s_key, usePlatform: backend == "platform", usesLibcrypto: backend == "libcrypto");

    [Theory]
    [MemberData(nameof(Backends))]
    public void It_seals_and_opens_as_the_single_call_does_and_refuses_every_changed_bit(string backend)
    {
        using AesGcm256Key key = Make(backend);
        foreach (int length in new[] { 0, 1, 16, 100, 5000 })
        {
            byte[] text = [.. Enumerable.Range(0, length).Select(i => (byte)(i | 1))];
            byte[] expected = new byte[length + 16];
            byte[] sealedBytes = new byte[length + 16];
            byte[] opened = new byte[length];
            AesGcm256.Seal(s_key, s_nonce, text, "data"u8, expected);
            key.Seal(s_nonce, text, "data"u8, sealedBytes);
            Assert.Equal(expected, sealedBytes);
            Assert.True(key.TryOpen(s_nonce, sealedBytes, "data"u8, opened));
            Assert.Equal(text, opened);
            Assert.False(key.TryOpen(s_nonce, sealedBytes, "date"u8, opened));
            Assert.All(opened, b => Assert.Equal(0, b));
            sealedBytes[length / 2] ^= 1;
            opened.AsSpan().Fill(0xaa);
            Assert.False(key.TryOpen(s_nonce, sealedBytes, "data"u8, opened));
            Assert.All(opened, b => Assert.Equal(0, b));

            // What was refused leaves nothing behind in the key's context.
            key.Seal(s_nonce, text, "data"u8, sealedBytes);
            Assert.Equal(expected, sealedBytes);
        }
    }

    [Theory]
    [MemberData(nameof(Backends))]
    public void Another_length_is_a_callers_mistake(string backend)
    {
        Assert.Throws<ArgumentException>("key", () => Make(backend, new byte[16]));
        using AesGcm256Key key = Make(backend);
        Assert.Throws<ArgumentException>("nonce", () => key.Seal(new byte[11], new byte[4], default, new byte[20]));
        Assert.Throws<ArgumentException>("nonce", () => key.TryOpen(new byte[11], new byte[20], default, new byte[4]));
        Assert.Throws<ArgumentException>("sealedBytes", () => key.Seal(s_nonce, new byte[4], default, new byte[21]));
        Assert.Throws<ArgumentException>("sealedBytes", () => key.TryOpen(s_nonce, new byte[21], default, new byte[4]));
    }

    [Theory]
    [MemberData(nameof(Backends))]
    public void Once_disposed_it_seals_and_opens_nothing(string backend)
    {
        AesGcm256Key key = Make(backend);
        key.Dispose();
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Seal(s_nonce, default, default, new byte[16]));
        Assert.Throws<ObjectDisposedException>(() => key.TryOpen(s_nonce, new byte[16], default, default));
    }

    [Fact]
    public void By_default_a_native_library_holds_it_where_there_is_one_and_otherwise_memory_that_is_zeroed()
    {
        var managed = new AesGcm256Key(s_key, usePlatform: false);
        using (var zeroed = new ZeroedMemory())
        {
            managed.Dispose();
            Assert.True(zeroed.Saw(s_key));
        }

        Assert.Throws<ObjectDisposedException>(() => managed.Seal(s_nonce, default, default, new byte[16]));
        var usual = new AesGcm256Key(s_key);
        using (var zeroed = new ZeroedMemory())
        {
            usual.Dispose();
            Assert.Equal(!PlatformAesGcm.IsSupported, zeroed.Saw(s_key));
        }

        Assert.Throws<ObjectDisposedException>(() => usual.Seal(s_nonce, default, default, new byte[16]));
    }

    [Fact]
    public void Short_messages_go_to_the_backend_that_is_quicker_for_them_and_long_ones_to_the_platform()
    {
        // Where libcrypto is called directly, it serves every length.
        Assert.Equal(LibcryptoAesGcm.IsSupported, AesGcm256.BackendFor(0) is LibcryptoAesGcm);
        Assert.Equal(LibcryptoAesGcm.IsSupported, AesGcm256.BackendFor(int.MaxValue) is LibcryptoAesGcm);
        if (!PlatformAesGcm.IsSupported)
        {
            Assert.Same(ManagedAesGcm.Instance, AesGcm256.OtherBackendFor(AesGcm256.PlatformFrom));
            return;
        }

        Assert.Same(PlatformAesGcm.Instance, AesGcm256.OtherBackendFor(AesGcm256.PlatformFrom));
        Assert.Same(
            ManagedAesGcm.IsHardwareAccelerated ? ManagedAesGcm.Instance : PlatformAesGcm.Instance,
            AesGcm256.OtherBackendFor(AesGcm256.PlatformFrom - 1));
    }
}
