using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>Below the keys' own types, too: what has another length than the specification's is no key, nonce, code or signature.</summary>
public sealed class PrimitiveLengths
{
    [Fact]
    public void Each_primitive_takes_its_own_lengths_alone()
    {
        byte[] key = new byte[32];
        byte[] more = new byte[33];
        byte[] seed = new byte[MlKem768.SeedSize];
        byte[] encapsulation = new byte[MlKem768.EncapsulationKeySize];
        byte[] ciphertext = new byte[MlKem768.CiphertextSize];
        byte[] signature = new byte[Ed25519.SignatureSize];
        (string Name, Action Call)[] calls =
        [
            ("nonce", () => Randomness.NextNonce(new byte[11])),
            ("mac", () => Hmac.Sha256(key, key, more)),
            ("mac", () => HashFunction.Sha384.Mac(key, key, new byte[49])),
            ("prk", () => Hkdf.Extract(key, key, more)),
            ("prk", () => Hkdf.Expand(new byte[31], key, key)),
            ("okm", () => Hkdf.Expand(key, key, new byte[Hkdf.MaxOutput + 1])),
            ("okm", () => Hkdf.ExpandSha384(key, key, new byte[49])),
            ("digest", () => Sha3.Hash256(key, more)),
            ("digest", () => Sha256.Hash(key, more)),
            ("privateKey", () => X25519.GeneratePrivateKey(more)),
            ("privateKey", () => X25519.DerivePublicKey(more, key)),
            ("publicKey", () => X25519.DerivePublicKey(key, more)),
            ("privateKey", () => X25519.TryAgree(more, key, key)),
            ("publicKey", () => X25519.TryAgree(key, more, key)),
            ("sharedSecret", () => X25519.TryAgree(key, key, more)),
            ("publicKey", () => X25519.IsCanonical(more)),
            ("seed", () => MlKem768.DeriveEncapsulationKey(new byte[65], encapsulation)),
            ("encapsulationKey", () => MlKem768.DeriveEncapsulationKey(seed, new byte[1185])),
            ("encapsulationKey", () => MlKem768.TryEncapsulate(new byte[1185], ciphertext, key)),
            ("ciphertext", () => MlKem768.TryEncapsulate(encapsulation, new byte[1089], key)),
            ("sharedSecret", () => MlKem768.TryEncapsulate(encapsulation, ciphertext, more)),
            ("seed", () => MlKem768.Decapsulate(new byte[65], ciphertext, key)),
            ("ciphertext", () => MlKem768.Decapsulate(seed, new byte[1089], key)),
            ("sharedSecret", () => MlKem768.Decapsulate(seed, ciphertext, more)),
            ("privateKey", () => Ed25519.GeneratePrivateKey(more)),
            ("privateKey", () => Ed25519.DerivePublicKey(more, key)),
            ("publicKey", () => Ed25519.DerivePublicKey(key, more)),
            ("privateKey", () => Ed25519.Sign(more, key, default, signature)),
            ("publicKey", () => Ed25519.Sign(key, more, default, signature)),
            ("signature", () => Ed25519.Sign(key, key, default, new byte[65])),
            ("key", () => Aead.Aes256Gcm.TryOpen(new byte[16], new byte[12], new byte[16], default, default)),
            ("key", () => Aead.Aes128Gcm.TryOpen(key, new byte[12], new byte[16], default, default)),
            ("nonce", () => Aead.Aes256Gcm.TryOpen(key, new byte[13], new byte[16], default, default)),
            ("plaintext", () => Aead.Aes256Gcm.TryOpen(key, new byte[12], new byte[17], default, default)),
            ("key", () => Aead.Aes256Gcm.Seal(more, new byte[12], default, default, new byte[16])),
            ("privateKey", () => DhKemX25519.Instance.DeriveKeyPair(key, more, key)),
            ("publicKey", () => DhKemX25519.Instance.TryEncapsulate(more, key, key)),
            ("sharedSecret", () => DhKemX25519.Instance.TryDecapsulate(key, [9, .. new byte[31]], more)),
        ];
        Assert.All(calls, call => Assert.Equal(call.Name, Assert.Throws<ArgumentException>(call.Call).ParamName));
        using var secret = SecretBytes.CopyOf(key);
        Assert.Throws<ArgumentException>(() => secret.Set(new byte[31]));
        Assert.Throws<ArgumentException>(() => secret.Set(more));
        Assert.False(Aead.Aes256Gcm.TryOpen(key, new byte[12], new byte[15], default, default));
    }

    [Fact]
    public void A_KEM_refuses_another_length_before_it_writes_anything()
    {
        byte[] longer = new byte[XWing.Instance.PublicKeySize + 1];
        byte[] curve = new byte[32];
        byte[] encapsulation = new byte[XWing.Instance.EncapsulationSize];
        byte[] point = [9, .. new byte[31]];
        Assert.Throws<ArgumentException>("privateKey", () => DhKemX25519.Instance.DeriveKeyPair(point, longer.AsSpan(0, 33), curve));
        Assert.Throws<ArgumentException>("publicKey", () => DhKemX25519.Instance.TryEncapsulate([.. point, 0], curve, new byte[32]));
        Assert.Throws<ArgumentException>("privateKey", () => XWing.Instance.DeriveKeyPair(point, longer.AsSpan(0, 33), new byte[1216]));
        Assert.Throws<ArgumentException>("publicKey", () => XWing.Instance.DerivePublicKey(point, longer));
        Assert.Throws<ArgumentException>("publicKey", () => XWing.Instance.TryEncapsulate(new byte[1215], encapsulation, curve));
        Assert.Throws<ArgumentException>("encapsulation", () => XWing.Instance.TryEncapsulate(new byte[1216], new byte[1119], curve));
        Assert.All([.. longer, .. curve, .. encapsulation], b => Assert.Equal(0, b));
    }

    [Fact]
    public void A_hash_is_written_where_it_is_asked_for_and_has_HPKEs_number()
    {
        byte[] digest = new byte[32];
        Sha256.Hash("abc"u8, digest);
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Convert.ToHexStringLower(digest));
        Assert.Equal([1, 2, 3], new[] { HashFunction.Sha256, HashFunction.Sha384, HashFunction.Sha512 }.Select(hash => (int)hash.HpkeKdf));
    }

    [Fact]
    public void A_generated_private_key_is_not_the_one_before()
    {
        byte[] one = new byte[32];
        byte[] two = new byte[32];
        Ed25519.GeneratePrivateKey(one);
        Ed25519.GeneratePrivateKey(two);
        Assert.NotEqual(one, two);
        Assert.Contains(one, b => b != 0);
    }

    [Theory]
    [InlineData(0xed, 0xff, 0xff, 0x7f, false)] // 2^255 - 19
    [InlineData(0xec, 0xff, 0xff, 0x7f, true)]
    [InlineData(0xff, 0xff, 0xff, 0x7f, false)]
    [InlineData(0xff, 0xfe, 0xff, 0x7f, true)]
    [InlineData(0xff, 0xff, 0x00, 0x7f, true)]
    [InlineData(0xff, 0xff, 0xff, 0x7e, true)]
    [InlineData(0x00, 0x00, 0x00, 0x80, false)]
    public void An_X25519_key_is_canonical_below_two_to_the_255_minus_19(byte first, byte second, byte between, byte last, bool isCanonical)
    {
        byte[] key = [first, second, .. Enumerable.Repeat(between, 29), last];
        Assert.Equal(isCanonical, X25519.IsCanonical(key));
    }

    [Fact]
    public void A_coefficient_of_an_ML_KEM_key_is_below_3329_wherever_it_stands()
    {
        byte[] key = new byte[MlKem768.EncapsulationKeySize];
        for (int at = 0; at < key.Length - 32; at += 3)
        {
            foreach ((byte[] three, bool isValid) in new (byte[], bool)[]
                {
                    ([0x00, 0x0d, 0x00], true), ([0x01, 0x0d, 0x00], false), // first: 3328, 3329
                    ([0x00, 0x00, 0xd0], true), ([0x00, 0x10, 0xd0], false), // second
                })
            {
                three.CopyTo(key, at);
                Assert.Equal(isValid, MlKem768.IsValidEncapsulationKey(key));
            }

            key.AsSpan(at, 3).Clear();
        }
    }

    [Fact]
    public void Public_values_that_differ_hardly_ever_hash_alike() => Assert.InRange(
        Enumerable.Range(0, 200).Select(i => PublicBytes.Hash(BitConverter.GetBytes(i))).Distinct().Count(), 190, 200);

    [Fact]
    public void A_refused_agreement_leaves_no_secret_behind()
    {
        byte[] secret = [.. Enumerable.Repeat((byte)7, 32)];
        Assert.False(DhKemX25519.Instance.TryDecapsulate([9, .. new byte[31]], new byte[32], secret));
        Assert.All(secret, b => Assert.Equal(0, b));
        Assert.False(DhKemX25519.Instance.TryDecapsulate([9, .. new byte[31]], new byte[31], secret));
    }
}
