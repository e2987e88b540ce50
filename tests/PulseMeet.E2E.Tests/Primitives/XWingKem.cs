using System.Text.Json;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>X-Wing against values of another implementation (npm, @noble/post-quantum), and what of a key and a ciphertext it takes.</summary>
public sealed class XWingKem
{
    private readonly byte[] _seed = new byte[32];
    private readonly byte[] _publicKey = new byte[XWing.Instance.PublicKeySize];

    public XWingKem() => XWing.Instance.DeriveKeyPair("thirty-two bytes of input keying"u8, _seed, _publicKey);

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
    public void Its_sizes_are_those_of_the_draft() => Assert.Equal(
        (1216, 32, 1120, 32),
        (XWing.Instance.PublicKeySize, XWing.Instance.PrivateKeySize, XWing.Instance.EncapsulationSize, XWing.Instance.SharedSecretSize));

    [Fact]
    public void The_seed_of_a_derived_key_is_SHAKE256_of_the_input()
    {
        byte[] expected = new byte[32];
        Sha3.Shake256("thirty-two bytes of input keying"u8, expected);
        Assert.Equal(expected, _seed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1087)]
    [InlineData(1088)]
    [InlineData(1119)]
    public void What_is_encapsulated_is_decapsulated_and_a_changed_byte_of_either_half_gives_another_secret(int at)
    {
        byte[] ciphertext = new byte[XWing.Instance.EncapsulationSize];
        byte[] sent = new byte[32];
        byte[] received = new byte[32];
        Assert.True(XWing.Instance.TryEncapsulate(_publicKey, ciphertext, sent));
        Assert.True(XWing.Instance.TryDecapsulate(_seed, ciphertext, received));
        Assert.Equal(sent, received);
        ciphertext[at] ^= 1;
        Assert.True(XWing.Instance.TryDecapsulate(_seed, ciphertext, received));
        Assert.NotEqual(sent, received);
    }

    [Fact]
    public void No_two_encapsulations_share_a_half()
    {
        byte[][] ciphertexts = [.. Enumerable.Range(0, 8).Select(_ =>
        {
            byte[] ciphertext = new byte[XWing.Instance.EncapsulationSize];
            Assert.True(XWing.Instance.TryEncapsulate(_publicKey, ciphertext, new byte[32]));
            return ciphertext;
        })];
        Assert.Equal(8, ciphertexts.Select(ciphertext => Convert.ToHexString(ciphertext, 0, 1088)).Distinct().Count());
        Assert.Equal(8, ciphertexts.Select(ciphertext => Convert.ToHexString(ciphertext, 1088, 32)).Distinct().Count());
    }

    [Fact]
    public void A_key_of_another_length_with_a_half_that_is_not_reduced_or_not_canonical_is_not_valid()
    {
        Assert.True(XWing.Instance.IsValidPublicKey(_publicKey));
        Assert.False(XWing.Instance.IsValidPublicKey(_publicKey.AsSpan(1)));
        Assert.False(XWing.Instance.IsValidPublicKey([.. _publicKey, 0]));
        Assert.False(XWing.Instance.IsValidPublicKey([.. Enumerable.Repeat((byte)0xff, 1184), .. _publicKey.AsSpan(1184)]));
        Assert.False(XWing.Instance.IsValidPublicKey([.. _publicKey.AsSpan(0, 1184), .. Enumerable.Repeat((byte)0xff, 32)]));
    }

    [Fact]
    public void A_ciphertext_of_another_length_is_not_opened_and_other_lengths_of_ones_own_are_a_mistake()
    {
        Assert.False(XWing.Instance.TryDecapsulate(_seed, new byte[XWing.Instance.EncapsulationSize - 1], new byte[32]));
        Assert.False(XWing.Instance.TryDecapsulate(_seed, new byte[XWing.Instance.EncapsulationSize + 1], new byte[32]));
        Assert.Throws<ArgumentException>("privateKey", () => XWing.Instance.DeriveKeyPair(new byte[32], new byte[33], new byte[1216]));
        Assert.Throws<ArgumentException>(() => XWing.Instance.DerivePublicKey(_seed, new byte[1217]));
        Assert.Throws<ArgumentException>(() => XWing.Instance.DerivePublicKey(new byte[33], new byte[1216]));
        Assert.Throws<ArgumentException>(() => XWing.Instance.TryEncapsulate(new byte[1217], new byte[1120], new byte[32]));
        Assert.Throws<ArgumentException>(() => XWing.Instance.TryEncapsulate(_publicKey, new byte[1121], new byte[32]));
        Assert.Throws<ArgumentException>(() => XWing.Instance.TryDecapsulate(new byte[31], new byte[1120], new byte[32]));
    }
}
