using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>All backends of HMAC and HKDF give the same bytes at every length.</summary>
public sealed class HmacBackends
{
    private static readonly byte[] s_material = [.. Enumerable.Range(0, 1024).Select(i => (byte)(i * 31))];

    [Fact]
    public void Codes_agree_for_every_key_and_data_length()
    {
        foreach (int keyLength in new[] { 0, 1, 31, 32, 33, 63, 64, 65, 128, 200 })
        {
            for (int length = 0; length <= 600; length++)
            {
                Agree((backend, output) => backend.Mac(s_material.AsSpan(0, keyLength), s_material.AsSpan(100, length), output), 32);
            }
        }
    }

    [Fact]
    public void Expansions_agree_for_every_info_and_output_length()
    {
        foreach (int infoLength in new[] { 0, 1, 32, 200, 478, 479, 480, 512, 600 })
        {
            foreach (int length in new[] { 1, 31, 32, 33, 64, 96, 100, 255 * 32 })
            {
                Agree((backend, output) => backend.Expand(s_material.AsSpan(0, 32), s_material.AsSpan(32, infoLength), output), length);
            }
        }
    }

    [Fact]
    public void Extractions_agree_with_and_without_a_salt()
    {
        for (int saltLength = 0; saltLength <= 130; saltLength++)
        {
            Agree((backend, output) => backend.Extract(s_material.AsSpan(0, 32), s_material.AsSpan(32, saltLength), output), 32);
        }
    }

    [Fact]
    public void Codes_over_the_longer_hashes_are_the_platforms_for_every_key_and_data_length()
    {
        foreach (HashFunction hash in new[] { HashFunction.Sha256, HashFunction.Sha384, HashFunction.Sha512 })
        {
            var name = new System.Security.Cryptography.HashAlgorithmName($"SHA{hash.Size * 8}");
            foreach (int keyLength in new[] { 0, 1, 63, 64, 127, 128, 129, 200 })
            {
                foreach (int length in new[] { 0, 1, 111, 112, 127, 128, 129, 600 })
                {
                    ReadOnlySpan<byte> key = s_material.AsSpan(0, keyLength);
                    ReadOnlySpan<byte> data = s_material.AsSpan(100, length);
                    byte[] mac = new byte[hash.Size];
                    hash.Mac(key, data, mac);
                    Assert.Equal(System.Security.Cryptography.CryptographicOperations.HmacData(name, key, data), mac);
                }
            }
        }
    }

    [Fact]
    public void A_code_over_more_than_a_page_is_the_platforms()
    {
        byte[] data = new byte[100_000];
        data.AsSpan().Fill(7);
        Agree((backend, output) => backend.Mac(s_material.AsSpan(0, 32), data, output), 32);
    }

    [Fact]
    public void Up_to_255_blocks_are_given_and_more_are_refused()
    {
        if (LibcryptoHmac.IsSupported)
        {
            Assert.Throws<ArgumentException>("okm", () => LibcryptoHmac.Instance.Expand(s_material.AsSpan(0, 32), default, new byte[Hkdf.MaxOutput + 1]));
        }

        byte[] expected = new byte[Hkdf.MaxOutput];
        byte[] actual = new byte[Hkdf.MaxOutput];
        ManagedHmac.Instance.Expand(s_material.AsSpan(0, 32), default, expected);
        Hkdf.Expand(s_material.AsSpan(0, 32), default, actual);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void A_code_may_be_written_over_its_own_key()
    {
        byte[] separate = new byte[32];
        Hmac.Sha256(s_material.AsSpan(0, 32), [2], separate);
        byte[] key = s_material[..32];
        Hmac.Sha256(key, [2], key);
        Assert.Equal(separate, key);
    }

    private delegate void Call(IHmacBackend backend, Span<byte> output);

    private static void Agree(Call call, int length)
    {
        byte[] platform = new byte[length];
        byte[] managed = new byte[length];
        call(PlatformHmac.Instance, platform);
        call(ManagedHmac.Instance, managed);
        Assert.Equal(managed, platform);
        if (LibcryptoHmac.IsSupported)
        {
            byte[] direct = new byte[length];
            call(LibcryptoHmac.Instance, direct);
            Assert.Equal(platform, direct);
        }
    }
}
