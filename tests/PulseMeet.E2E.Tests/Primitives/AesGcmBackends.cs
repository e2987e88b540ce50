using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>AES-256-GCM by both backends: the same bytes, and nothing that was changed opens.</summary>
public sealed class AesGcmBackends
{
    private static readonly int[] s_lengths = [0, 1, 15, 16, 17, 255, 4095, 4096, 4097, 10_000];

    private static IAeadBackend[] Backends { get; } =
        [.. LibcryptoAesGcm.IsSupported ? [LibcryptoAesGcm.Instance] : Array.Empty<IAeadBackend>(), PlatformAesGcm.Instance, ManagedAesGcm.Instance];

    [Property(MaxTest = 300)]
    public bool Each_backend_opens_what_another_sealed_under_either_key_size(byte[] text, byte[] data, byte sealing, byte opening, bool isLong)
    {
        byte[] key = new byte[isLong ? 32 : 16];
        byte[] nonce = new byte[12];
        Randomness.Fill(key);
        Randomness.NextNonce(nonce);
        byte[] sealedBytes = new byte[text.Length + 16];
        byte[] opened = new byte[text.Length];
        Backends[sealing % Backends.Length].Seal(key, nonce, text, data, sealedBytes);
        return Backends[opening % Backends.Length].TryOpen(key, nonce, sealedBytes, data, opened) && opened.AsSpan().SequenceEqual(text);
    }

    [Fact]
    public void A_changed_bit_anywhere_does_not_open_by_any_backend_at_any_length_and_leaves_no_plaintext()
    {
        foreach (IAeadBackend backend in Backends)
        {
            foreach (int length in s_lengths)
            {
                Refuse(backend, length);
            }
        }
    }

    private static void Refuse(IAeadBackend backend, int length)
    {
        byte[] key = new byte[32];
        byte[] nonce = new byte[12];
        Randomness.Fill(key);
        byte[] text = [.. Enumerable.Range(0, length).Select(i => (byte)(i | 1))];
        byte[] sealedBytes = new byte[length + 16];
        backend.Seal(key, nonce, text, "data"u8, sealedBytes);
        int step = Math.Max(1, sealedBytes.Length / 64);
        for (int i = 0; i < sealedBytes.Length; i += step)
        {
            byte[] changed = [.. sealedBytes];
            changed[i] ^= (byte)(1 << (i % 8));
            byte[] opened = new byte[length];
            opened.AsSpan().Fill(0xaa);
            Assert.False(backend.TryOpen(key, nonce, changed, "data"u8, opened));
            Assert.All(opened, b => Assert.Equal(0, b));
        }

        Assert.False(backend.TryOpen(key, nonce, sealedBytes, "date"u8, new byte[length]));
        byte[] whole = new byte[length];
        Assert.True(backend.TryOpen(key, nonce, sealedBytes, "data"u8, whole));
        Assert.Equal(text, whole);
    }

    [Fact]
    public void A_tag_shorter_than_16_bytes_is_refused_even_where_its_bytes_are_right()
    {
        byte[] key = new byte[32];
        byte[] nonce = new byte[12];
        byte[] sealedBytes = new byte[16];
        AesGcm256.Seal(key, nonce, default, default, sealedBytes);
        for (int length = 0; length < 16; length++)
        {
            Assert.False(AesGcm256.TryOpen(key, nonce, sealedBytes.AsSpan(0, length), default, default));
        }
    }

    [Fact]
    public void Keys_and_nonces_of_another_length_are_a_callers_mistake()
    {
        Assert.Throws<ArgumentException>(() => AesGcm256.Seal(new byte[16], new byte[12], default, default, new byte[16]));
        Assert.Throws<ArgumentException>(() => AesGcm256.Seal(new byte[32], new byte[16], default, default, new byte[16]));
        Assert.Throws<ArgumentException>(() => AesGcm256.Seal(new byte[32], new byte[12], default, default, new byte[15]));
    }

    [Fact]
    public void Without_platform_support_the_managed_backend_serves_every_length() =>
        Assert.Equal(
            PlatformAesGcm.IsSupported ? PlatformAesGcm.Instance : ManagedAesGcm.Instance,
            AesGcm256.OtherBackendFor(int.MaxValue));
}
