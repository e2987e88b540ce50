using System.Security.Cryptography;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>The primitives give what their specifications print, by every backend.</summary>
public sealed class PublishedVectors
{
    private static byte[] Hex(string hex) => Convert.FromHexString(hex);

    private static byte[] Repeat(byte value, int count) => [.. Enumerable.Repeat(value, count)];

    private static byte[] Range(byte first, byte last) =>
        [.. Enumerable.Range(first, last - first + 1).Select(value => (byte)value)];

    /// <summary>Where libcrypto is not called directly, the platform's stand in for it.</summary>
    private static IHmacBackend HmacBackend(string name) => name switch
    {
        "managed" => ManagedHmac.Instance,
        "libcrypto" when LibcryptoHmac.IsSupported => LibcryptoHmac.Instance,
        _ => PlatformHmac.Instance,
    };

    private static IAeadBackend AeadBackend(string name) => name switch
    {
        "managed" => ManagedAesGcm.Instance,
        "libcrypto" when LibcryptoAesGcm.IsSupported => LibcryptoAesGcm.Instance,
        _ => PlatformAesGcm.Instance,
    };

    private static IEnumerable<IX25519Backend> Curves =>
        LibcryptoX25519.IsSupported ? [LibcryptoX25519.Instance, ManagedX25519.Instance] : [ManagedX25519.Instance];

    [Theory]
    [InlineData(
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")]
    [InlineData(
        "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957")]
    public void X25519_gives_the_vectors_of_RFC_7748_section_5_2(string scalar, string u, string expected)
    {
        foreach (IX25519Backend backend in Curves)
        {
            byte[] shared = new byte[32];
            Assert.True(backend.TryAgree(Hex(scalar), Hex(u), shared));
            Assert.Equal(Hex(expected), shared);
        }
    }

    [Theory]
    [InlineData(1, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079")]
    [InlineData(1000, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51")]
    public void X25519_iterated_gives_the_vectors_of_RFC_7748_section_5_2(int iterations, string expected)
    {
        foreach (IX25519Backend backend in Curves)
        {
            byte[] k = new byte[32];
            k[0] = 9;
            byte[] u = [.. k];
            for (int i = 0; i < iterations; i++)
            {
                byte[] next = new byte[32];
                backend.TryAgree(k, u, next);
                (k, u) = (next, k);
            }

            Assert.Equal(Hex(expected), k);
        }
    }

    [Fact]
    public void X25519_gives_the_key_exchange_of_RFC_7748_section_6_1()
    {
        byte[] alice = Hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        byte[] bob = Hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
        byte[] alicePublic = new byte[32];
        byte[] bobPublic = new byte[32];
        byte[] shared = new byte[32];
        X25519.DerivePublicKey(alice, alicePublic);
        X25519.DerivePublicKey(bob, bobPublic);
        Assert.Equal(Hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"), alicePublic);
        Assert.Equal(Hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"), bobPublic);
        Assert.True(X25519.TryAgree(alice, bobPublic, shared));
        Assert.Equal(Hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"), shared);
    }

    [Theory]
    [InlineData(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    [InlineData(
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    public void Ed25519_gives_the_vectors_of_RFC_8032_section_7_1(string seed, string key, string message, string expected)
    {
        byte[] publicKey = new byte[32];
        byte[] signature = new byte[64];
        Ed25519.DerivePublicKey(Hex(seed), publicKey);
        Ed25519.Sign(Hex(seed), publicKey, Hex(message), signature);
        Assert.Equal(Hex(key), publicKey);
        Assert.Equal(Hex(expected), signature);
        Ed25519.Point point = Ed25519.Decode(publicKey)!;
        Assert.True(Ed25519.Verify(publicKey, Hex(message), signature));
        Assert.True(Ed25519.Verify(point, Hex(message), signature));
        signature[5] ^= 1;
        Assert.False(Ed25519.Verify(publicKey, Hex(message), signature));
        Assert.False(Ed25519.Verify(point, Hex(message), signature));
        Assert.False(Ed25519.Verify(point, Hex(message), signature.AsSpan(1)));
    }

    [Theory]
    [InlineData("platform")]
    [InlineData("managed")]
    [InlineData("libcrypto")]
    public void HMAC_gives_the_vectors_of_RFC_4231(string backend)
    {
        (byte[] Key, byte[] Data, string Expected)[] vectors =
        [
            (Repeat(0x0b, 20), "Hi There"u8.ToArray(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            ("Jefe"u8.ToArray(), "what do ya want for nothing?"u8.ToArray(), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (Repeat(0xaa, 20), Repeat(0xdd, 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (Repeat(0xaa, 131), "Test Using Larger Than Block-Size Key - Hash Key First"u8.ToArray(), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        ];
        foreach ((byte[] key, byte[] data, string expected) in vectors)
        {
            byte[] mac = new byte[32];
            HmacBackend(backend).Mac(key, data, mac);
            Assert.Equal(Hex(expected), mac);
        }
    }

    [Theory]
    [InlineData("platform")]
    [InlineData("managed")]
    [InlineData("libcrypto")]
    public void HKDF_gives_the_vectors_of_RFC_5869_appendix_A(string backend)
    {
        (byte[] Ikm, byte[] Salt, byte[] Info, string Prk, string Okm)[] vectors =
        [
            (Repeat(0x0b, 22), Range(0x00, 0x0c), Range(0xf0, 0xf9),
                "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
            (Range(0x00, 0x4f), Range(0x60, 0xaf), Range(0xb0, 0xff),
                "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"),
            (Repeat(0x0b, 22), [], [],
                "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
        ];
        foreach ((byte[] ikm, byte[] salt, byte[] info, string expectedPrk, string expectedOkm) in vectors)
        {
            byte[] prk = new byte[32];
            byte[] okm = new byte[expectedOkm.Length / 2];
            HmacBackend(backend).Extract(ikm, salt, prk);
            HmacBackend(backend).Expand(prk, info, okm);
            Assert.Equal(Hex(expectedPrk), prk);
            Assert.Equal(Hex(expectedOkm), okm);
        }
    }

    [Theory]
    [InlineData("platform")]
    [InlineData("managed")]
    [InlineData("libcrypto")]
    public void AES_256_GCM_gives_test_cases_13_to_16_of_the_GCM_specification(string backend)
    {
        const string key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
        const string text = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255";
        const string cipher = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad";
        string zeroKey = new('0', 64);
        string zeroNonce = new('0', 24);
        (string Key, string Nonce, string Text, string Data, string Sealed)[] cases =
        [
            (zeroKey, zeroNonce, "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
            (zeroKey, zeroNonce, new('0', 32), "", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
            (key, "cafebabefacedbaddecaf888", text, "", cipher + "b094dac5d93471bdec1a502270e3cc6c"),
            (key, "cafebabefacedbaddecaf888", text[..120], "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                cipher[..120] + "76fc6ece0f4e1768cddf8853bb2d551b"),
        ];
        foreach ((string k, string nonce, string plaintext, string data, string expected) in cases)
        {
            byte[] sealedBytes = new byte[expected.Length / 2];
            byte[] opened = new byte[plaintext.Length / 2];
            AeadBackend(backend).Seal(Hex(k), Hex(nonce), Hex(plaintext), Hex(data), sealedBytes);
            Assert.Equal(Hex(expected), sealedBytes);
            Assert.True(AeadBackend(backend).TryOpen(Hex(k), Hex(nonce), sealedBytes, Hex(data), opened));
            Assert.Equal(Hex(plaintext), opened);
        }
    }

    [Fact]
    public void SHA3_256_and_SHAKE256_give_what_FIPS_202s_examples_give_for_abc()
    {
        byte[] digest = new byte[32];
        Sha3.Hash256("abc"u8, digest);
        Assert.Equal(Hex("3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"), digest);
        Sha3.Shake256("abc"u8, digest);
        Assert.Equal(Hex("483366601360a8771c6863080cc4114d8db44530f8f1e1ee4f94ea37e78b5739"), digest);
    }

    [Theory]
    [InlineData(
        "7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234",
        "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
        "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431")]
    [InlineData(
        "6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037",
        "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
        "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d")]
    public void A_key_pair_is_derived_as_RFC_9180_appendix_A_1_1_derives_it(string input, string expectedPrivate, string expectedPublic)
    {
        byte[] privateKey = new byte[32];
        byte[] publicKey = new byte[32];
        DhKemX25519.Instance.DeriveKeyPair(Hex(input), privateKey, publicKey);
        Assert.Equal(Hex(expectedPrivate), privateKey);
        Assert.Equal(Hex(expectedPublic), publicKey);
        Assert.True(DhKemX25519.Instance.IsValidPublicKey(publicKey));
        Assert.False(DhKemX25519.Instance.IsValidPublicKey(publicKey.AsSpan(1)));
        Assert.False(DhKemX25519.Instance.IsValidPublicKey(new byte[32]));
    }

    [Fact]
    public void Every_encapsulation_has_an_ephemeral_key_of_its_own()
    {
        byte[] recipient = new byte[32];
        X25519.DerivePublicKey([7, .. new byte[31]], recipient);
        byte[][] encapsulations = [.. Enumerable.Range(0, 8).Select(_ =>
        {
            byte[] encapsulation = new byte[32];
            byte[] sent = new byte[32];
            byte[] received = new byte[32];
            Assert.True(DhKemX25519.Instance.TryEncapsulate(recipient, encapsulation, sent));
            Assert.True(DhKemX25519.Instance.TryDecapsulate([7, .. new byte[31]], encapsulation, received));
            Assert.Equal(sent, received);
            return encapsulation;
        })];
        Assert.Equal(8, encapsulations.Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void Expansion_of_every_hash_is_HKDFs_for_every_length_of_info_and_output()
    {
        byte[] prk = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
        foreach ((HashFunction hash, HashAlgorithmName name) in new[]
            {
                (HashFunction.Sha256, HashAlgorithmName.SHA256), (HashFunction.Sha384, HashAlgorithmName.SHA384),
                (HashFunction.Sha512, HashAlgorithmName.SHA512),
            })
        {
            foreach (int infoLength in new[] { 0, 1, 1022, 1023, 1024, 1025, 5000 })
            {
                byte[] info = [.. Enumerable.Range(0, infoLength).Select(i => (byte)(i * 5))];
                foreach (int length in new[] { 1, 32, hash.Size, hash.Size + 1, 200 })
                {
                    byte[] okm = new byte[length];
                    hash.Expand(prk, info, okm);
                    Assert.Equal(HKDF.Expand(name, prk, length, info), okm);
                }

                byte[] media = new byte[48];
                Hkdf.ExpandSha384(prk, info, media);
                Assert.Equal(HKDF.Expand(HashAlgorithmName.SHA384, prk, 48, info), media);
                Hkdf.ExpandSha384(prk, info, media.AsSpan(0, 32));
                Assert.Equal(HKDF.Expand(HashAlgorithmName.SHA384, prk, 32, info), media[..32]);
            }
        }
    }

    [Fact]
    public void SHA_256_gives_the_digest_of_abc_that_FIPS_180_prints() =>
        Assert.Equal(Hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), Sha256.Hash("abc"u8));

    [Theory]
    [InlineData("platform")]
    [InlineData("managed")]
    [InlineData("libcrypto")]
    public void HKDF_gives_255_blocks_and_refuses_a_byte_more(string backend)
    {
        byte[] prk = Repeat(1, 32);
        HmacBackend(backend).Expand(prk, default, new byte[Hkdf.MaxOutput]);
        Assert.ThrowsAny<Exception>(() => HmacBackend(backend).Expand(prk, default, new byte[Hkdf.MaxOutput + 1]));
        Assert.Throws<ArgumentException>(() => Hkdf.Expand(prk, default, new byte[Hkdf.MaxOutput + 1]));
    }
}
