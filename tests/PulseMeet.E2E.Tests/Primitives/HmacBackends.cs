using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>Both backends of HMAC and HKDF give the same bytes at every length.</summary>
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
    }
}
