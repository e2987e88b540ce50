using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>ML-KEM-768 (FIPS 203): a published key pair, implicit rejection, and the check of encapsulation keys.</summary>
public sealed class MlKemVectors
{
    /// <summary>Project Wycheproof, mlkem_768_keygen_seed_test.json, tcId 1.</summary>
    private const string Seed =
        "7c9935a0b07694aa0c6d10e4db6b1add2fd81a25ccb148032dcd739936737f2d8626ed79d451140800e03b59b956f8210e556067407d13dc90fa9e8b872bfb8f";

    private const string Key =
        "a8e651a1e685f22478a8954f007bc7711b930772c78f092e82878e3e937f367967532913a8d53dfdf4bfb1f8846746596705cf345142b972a3f16325c40c2952" +
        "a37b25897e5ef35fbaeb73a4acbeb6a0b89942ceb195531cfc0a07993954483e6cbc87c06aa74ff0cac5207e535b260aa98d1198c07da605c4d11020f6c9f7bb" +
        "68bb3456c73a01b710bc99d17739a51716aa01660c8b628b2f5602ba65f07ea993336e896e83f2c5731bbf03460c5b6c8afecb748ee391e98934a2c57d4d069f" +
        "50d88b30d6966f38c37bc649b82634ce7722645ccd625063364646d6d699db57b45eb67465e16de4d406a818b9eae1ca916a2594489708a43cea88b02a4c03d0" +
        "9b44815c97101caf5048bbcb247ae2366cdc254ba22129f45b3b0eb399ca91a303402830ec01db7b2ca480cf350409b216094b7b0c3ae33ce10a9124e89651ab" +
        "901ea253c8415bd7825f02bb229369af972028f22875ea55af16d3bc69f70c2ee8b75f28b47dd391f989ade314729c331fa04c1917b278c3eb602868512821ad" +
        "c825c64577ce1e63b1d9644a612948a3483c7f1b9a258000e30196944a403627609c76c7ea6b5de01764d24379117b9ea29848dc555c454bceae1ba5cc72c74a" +
        "b96b9c91b910d26b88b25639d4778ae26c7c6151a19c6cd7938454372465e4c5ec29245acb3db5379de3dabfa629a7c04a8353a8530c95acb732bb4bb81932bb" +
        "2ca7a848cd366801444abe23c83b366a87d6a3cf360924c002bae90af65c48060b3752f2badf1ab2722072554a5059753594e6a702761fc97684c8c4a7540a6b" +
        "07fbc9de87c974aa8809d928c7f4cbbf8045aea5bc667825fd05a521f1a4bf539210c7113bc37b3e58b0cbfc53c841cbb0371de2e511b989cb7c70c023366d78" +
        "f9c37ef047f8720be1c759a8d96b93f65a94114ffaf60d9a81795e995c71152a4691a5a602a9e1f3599e37c768c7bc108994c0669f3adc957d46b4b6256968e2" +
        "90d7892ea85464ee7a750f39c5e3152c2dfc56d8b0c924ba8a959a68096547f66423c838982a5794b9e1533771331a9a656c28828beb9126a60e95e8c5d90683" +
        "2c7710705576b1fb9507269ddaf8c95ce9719b2ca8dd112be10bcc9f4a37bd1b1eeeb33ecda76ae9f69a5d4b2923a86957671d619335be1c4c2c77ce87c41f98" +
        "a8cc466460fa300aaf5b301f0a1d09c88e65da4d8ee64f68c02189bbb3584baff716c85db654048a004333489393a07427cd3e217e6a345f6c2c2b13c27b3372" +
        "71c0b27b2dbaa00d237600b5b594e8cf2dd625ea76cf0ed899122c9796b4b0187004258049a477cd11d68c49b9a0e7b00bce8cac7864cbb375140084744c9306" +
        "2694ca795c4f40e7acc9c5a1884072d8c38dafb501ee4184dd5a819ec24ec1651261f962b17a7215aa4a748c15836c389137678204838d7195a85b4f98a1b574" +
        "c4cd7909cd1f833effd1485543229d3748d9b5cd6c17b9b3b84aef8bce13e683733659c79542d615782a71cdeee792bab51bdc4bbfe8308e663144ede8491830" +
        "ad98b4634f64aba8b9c042272653920f380c1a17ca87ced7aac41c82888793181a6f76e197b7b90ef90943bb3844912911d8551e5466c5767ab0bc61a1a3f736" +
        "162ec098a900b12dd8fabbfb3fe8cb1dc4e8315f2af0d32f0017ae136e19f028";

    private static readonly byte[] s_seed = Convert.FromHexString(Seed);
    private static readonly byte[] s_key = Convert.FromHexString(Key);

    public static TheoryData<string> Backends =>
        PlatformMlKem.IsSupported ? ["managed", "platform"] : ["managed"];

    private static IMlKemBackend Backend(string name) => name == "platform" ? PlatformMlKem.Instance : ManagedMlKem.Instance;

    [Theory]
    [MemberData(nameof(Backends))]
    public void A_seed_gives_the_published_encapsulation_key(string backend)
    {
        byte[] key = new byte[MlKem768.EncapsulationKeySize];
        Backend(backend).DeriveEncapsulationKey(s_seed, key);
        Assert.Equal(s_key, key);
    }

    [Theory]
    [MemberData(nameof(Backends))]
    public void Both_sides_get_the_same_secret_and_a_changed_ciphertext_gives_an_unrelated_one(string backend)
    {
        byte[] ciphertext = new byte[MlKem768.CiphertextSize];
        byte[] sent = new byte[32];
        byte[] received = new byte[32];
        Assert.True(Backend(backend).TryEncapsulate(s_key, ciphertext, sent));
        Backend(backend).Decapsulate(s_seed, ciphertext, received);
        Assert.Equal(sent, received);

        ciphertext[700] ^= 1;
        byte[] rejected = new byte[32];
        byte[] rejectedAgain = new byte[32];
        Backend(backend).Decapsulate(s_seed, ciphertext, rejected);
        Backend(backend).Decapsulate(s_seed, ciphertext, rejectedAgain);
        Assert.NotEqual(sent, rejected);
        Assert.Equal(rejected, rejectedAgain);
    }

    [Theory]
    [MemberData(nameof(Backends))]
    public void A_parsed_key_has_the_seeds_encapsulation_key_and_opens_and_rejects_as_the_seed_does(string backend)
    {
        byte[] key = new byte[MlKem768.EncapsulationKeySize];
        byte[] ciphertext = new byte[MlKem768.CiphertextSize];
        byte[] bySeed = new byte[32];
        byte[] byKey = new byte[32];
        using IParsedMlKemKey parsed = Backend(backend).Parse(s_seed);
        parsed.WriteEncapsulationKey(key);
        Assert.Equal(s_key, key);
        Assert.True(Backend(backend).TryEncapsulate(s_key, ciphertext, bySeed));
        for (int i = 0; i < 20; i++)
        {
            Backend(backend).Decapsulate(s_seed, ciphertext, bySeed);
            parsed.Decapsulate(ciphertext, byKey);
            Assert.Equal(bySeed, byKey);
            ciphertext[i * 50] ^= 1;
        }

        parsed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => parsed.Decapsulate(ciphertext, byKey));
    }

    [Fact]
    public void Implicit_rejection_is_SHAKE256_of_z_and_the_ciphertext()
    {
        // FIPS 203, algorithm 18, line 7: J(z || c) = SHAKE256(z || c, 32). Any ciphertext that was not made for the key.
        byte[] ciphertext = [.. Enumerable.Range(0, MlKem768.CiphertextSize).Select(i => (byte)i)];
        byte[] secret = new byte[32];
        MlKem768.Decapsulate(s_seed, ciphertext, secret);
        var shake = new Org.BouncyCastle.Crypto.Digests.ShakeDigest(256);
        byte[] expected = new byte[32];
        shake.BlockUpdate(s_seed, 32, 32);
        shake.BlockUpdate(ciphertext, 0, ciphertext.Length);
        shake.OutputFinal(expected, 0, 32);
        Assert.Equal(expected, secret);
    }

    [Fact]
    public void A_key_with_a_coefficient_that_is_not_reduced_is_refused()
    {
        Assert.True(MlKem768.IsValidEncapsulationKey(s_key));
        for (int i = 0; i < MlKem768.EncapsulationKeySize - 32; i += 3)
        {
            byte[] first = [.. s_key];
            first[i] = 0x01; // 3329 = 0xd01 as the first coefficient of a pair
            first[i + 1] = (byte)((first[i + 1] & 0xf0) | 0x0d);
            Assert.False(MlKem768.IsValidEncapsulationKey(first));
            byte[] second = [.. s_key];
            second[i + 1] = (byte)((second[i + 1] & 0x0f) | 0x10);
            second[i + 2] = 0xd0;
            Assert.False(MlKem768.IsValidEncapsulationKey(second));
        }

        byte[] unreduced = [.. s_key];
        unreduced[0] = 0xff;
        unreduced[1] |= 0x0f;
        Assert.False(ManagedMlKem.Instance.TryEncapsulate(unreduced, new byte[MlKem768.CiphertextSize], new byte[32]));
    }

    [Fact]
    public void A_key_of_another_length_is_refused()
    {
        Assert.False(MlKem768.IsValidEncapsulationKey(s_key.AsSpan(1)));
        Assert.False(MlKem768.IsValidEncapsulationKey([.. s_key, 0]));
    }
}
