using System.Text.Json;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls.Tests;

/// <summary>X-Wing against values of another implementation (npm, @noble/post-quantum).</summary>
public sealed class XWingKem
{
    [Fact]
    public void A_seed_gives_the_others_public_key_and_opens_the_others_ciphertext()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "x-wing.json")));
        byte[] Field(string name) => Convert.FromHexString(document.RootElement.GetProperty(name).GetString()!);
        byte[] publicKey = new byte[XWing.Instance.PublicKeySize];
        byte[] secret = new byte[32];
        XWing.Instance.DerivePublicKey(Field("seed"), publicKey);
        Assert.True(XWing.Instance.TryDecapsulate(Field("seed"), Field("ciphertext"), secret));
        Assert.Equal(Field("publicKey"), publicKey);
        Assert.Equal(Field("secret"), secret);
    }

    [Fact]
    public void What_is_encapsulated_is_decapsulated_and_a_changed_byte_gives_another_secret()
    {
        byte[] seed = new byte[32];
        byte[] publicKey = new byte[XWing.Instance.PublicKeySize];
        byte[] ciphertext = new byte[XWing.Instance.EncapsulationSize];
        byte[] sent = new byte[32];
        byte[] received = new byte[32];
        XWing.Instance.DeriveKeyPair("thirty-two bytes of input keying"u8, seed, publicKey);
        Assert.True(XWing.Instance.TryEncapsulate(publicKey, ciphertext, sent));
        Assert.True(XWing.Instance.TryDecapsulate(seed, ciphertext, received));
        Assert.Equal(sent, received);
        ciphertext[0] ^= 1;
        Assert.True(XWing.Instance.TryDecapsulate(seed, ciphertext, received));
        Assert.NotEqual(sent, received);
    }
}
