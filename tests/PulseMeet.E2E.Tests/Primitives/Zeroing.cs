using System.Text.RegularExpressions;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;
using PulseMeet.E2E.Tests.Architecture;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>Attack 41: short-lived secrets are zeroed when their method ends, however it ends. Seen by the hook in the one place
/// that zeroes.</summary>
public sealed partial class Zeroing
{
    private static readonly byte[] s_key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly byte[] s_nonce = new byte[12];

    [Fact]
    public void Sealing_opening_and_refusing_a_body_zero_its_cipher_key_and_its_plaintext()
    {
        byte[] cipherKey = new byte[32];
        Hkdf.DeriveKey(s_key, s_nonce, "label"u8, cipherKey);
        foreach (int length in new[] { 20, 5000 })
        {
            byte[] text = [.. Enumerable.Repeat((byte)0x6b, length)];
            byte[] body = new byte[SealedBody.GetSealedLength(length, PaddingScheme.Default)];
            using (var zeroed = new ZeroedMemory())
            {
                SealedBody.Seal(s_key, s_nonce, s_nonce, "label"u8, text, default, body);
                Assert.True(zeroed.Saw(cipherKey) && zeroed.Saw(text));
            }

            using (var zeroed = new ZeroedMemory())
            {
                Assert.Equal(text, SealedBody.Open(s_key, s_nonce, s_nonce, "label"u8, body, default));
                Assert.True(zeroed.Saw(cipherKey) && zeroed.Saw(text));
            }

            body[^1] ^= 1;
            using (var zeroed = new ZeroedMemory())
            {
                Assert.Null(SealedBody.Open(s_key, s_nonce, s_nonce, "label"u8, body, default));
                Assert.True(zeroed.Saw(cipherKey));
            }
        }
    }

    [Fact]
    public void A_derived_key_that_cannot_be_given_out_leaves_no_pseudorandom_key()
    {
        byte[] prk = new byte[32];
        Hkdf.Extract(s_key, s_nonce, prk);
        using var zeroed = new ZeroedMemory();
        Assert.Throws<ArgumentException>(() => Hkdf.DeriveKey(s_key, s_nonce, default, new byte[Hkdf.MaxOutput + 1]));
        Assert.True(zeroed.Saw(prk));
    }

    [Fact]
    public void The_copy_of_the_seed_that_BouncyCastle_is_given_is_zeroed_also_where_it_is_refused()
    {
        byte[] seed = [.. Enumerable.Range(7, MlKem768.SeedSize).Select(i => (byte)i)];
        byte[] encapsulationKey = new byte[MlKem768.EncapsulationKeySize];
        using (var zeroed = new ZeroedMemory())
        {
            ManagedMlKem.Instance.DeriveEncapsulationKey(seed, encapsulationKey);
            Assert.True(zeroed.Saw(seed));
        }

        byte[] ciphertext = new byte[MlKem768.CiphertextSize];
        byte[] secret = new byte[MlKem768.SharedSecretSize];
        Assert.True(ManagedMlKem.Instance.TryEncapsulate(encapsulationKey, ciphertext, secret));
        using (var zeroed = new ZeroedMemory())
        {
            ManagedMlKem.Instance.Decapsulate(seed, ciphertext, secret);
            Assert.True(zeroed.Saw(seed));
        }

        using (var zeroed = new ZeroedMemory())
        {
            Assert.ThrowsAny<ArgumentException>(() => ManagedMlKem.Instance.DeriveEncapsulationKey(seed.AsSpan(1), encapsulationKey));
            Assert.True(zeroed.Saw(seed.AsSpan(1)));
        }
    }

    [Fact]
    public void A_parsed_ML_KEM_key_is_zeroed_with_its_owner_and_so_is_each_copy_that_BouncyCastle_is_given()
    {
        byte[] seed = [.. Enumerable.Range(9, MlKem768.SeedSize).Select(i => (byte)i)];
        byte[] decapsulationKey = Org.BouncyCastle.Crypto.Parameters.MLKemPrivateKeyParameters
            .FromSeed(Org.BouncyCastle.Crypto.Parameters.MLKemParameters.ml_kem_768, seed).GetEncoded();
        using var zeroed = new ZeroedMemory();
        IParsedMlKemKey parsed = ManagedMlKem.Instance.Parse(seed);
        Assert.Equal(1, zeroed.Times(decapsulationKey));
        parsed.Decapsulate(new byte[MlKem768.CiphertextSize], new byte[MlKem768.SharedSecretSize]);
        Assert.Equal(2, zeroed.Times(decapsulationKey));
        parsed.Dispose();
        Assert.Equal(3, zeroed.Times(decapsulationKey));
    }

    [Fact]
    public void A_key_pair_parses_its_seed_once_and_zeroes_both_when_it_is_disposed()
    {
        byte[] seed = [.. Enumerable.Range(11, MlKemKeyPair.SeedSize).Select(i => (byte)i)];
        using var zeroed = new ZeroedMemory();
        var pair = MlKemKeyPair.Import(seed);
        Assert.Equal(0, zeroed.Times(seed));
        for (int i = 0; i < 3; i++)
        {
            _ = pair.PublicKey;
            pair.Decapsulate(new byte[MlKem768.CiphertextSize], new byte[MlKem768.SharedSecretSize]);
        }

        int parsed = MlKem768.Backend is ManagedMlKem ? 1 : 0;
        Assert.Equal(parsed, zeroed.Times(seed));
        pair.Dispose();
        Assert.Equal(parsed + 1, zeroed.Times(seed));
        Assert.Throws<ObjectDisposedException>(() => pair.Decapsulate(new byte[MlKem768.CiphertextSize], new byte[32]));
    }

    [Fact]
    public void A_step_of_the_root_key_zeroes_the_agreement_and_what_it_gave()
    {
        using var own = X25519KeyPair.Generate();
        using var peer = X25519KeyPair.Generate();
        byte[] agreement = new byte[32];
        own.Agree(peer.PublicKey, agreement);
        byte[] kept = new byte[RootStep.Size];
        using (var zeroed = new ZeroedMemory())
        {
            using (var step = new RootStep(stackalloc byte[RootStep.Size]))
            {
                RootKey.Step(s_key, own, peer.PublicKey, step);
                step.All.CopyTo(kept);
            }

            Assert.True(zeroed.Saw(agreement) && zeroed.Saw(kept));
        }

        using (var zeroed = new ZeroedMemory())
        {
            Assert.Throws<ArgumentException>(() => RootKey.Step(s_key.AsSpan(1), own, peer.PublicKey, new RootStep(new byte[96])));
            Assert.Throws<E2EException>(() => RootKey.Step(s_key, own, new X25519PublicKey(new byte[32]), new RootStep(new byte[96])));
            Assert.True(zeroed.Count > 0);
        }
    }

    [Fact]
    public void A_message_key_is_zeroed_by_the_sender_and_by_the_receiver()
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("begins the chain"u8));
        byte[] messageKey = Forge.NextMessageKey(pair.Alice);
        byte[] message;
        using (var zeroed = new ZeroedMemory())
        {
            message = pair.Alice.Seal("x"u8);
            Assert.True(zeroed.Saw(messageKey));
        }

        byte[] damaged = [.. message];
        damaged[^1] ^= 1;
        using (var zeroed = new ZeroedMemory())
        {
            Assert.Throws<E2EException>(() => pair.Bob.Open(damaged));
            Assert.True(zeroed.Saw(messageKey));
        }

        using (var zeroed = new ZeroedMemory())
        {
            pair.Bob.Open(message);
            Assert.True(zeroed.Saw(messageKey));
        }
    }

    [Fact]
    public void The_keys_of_an_HPKE_context_are_zeroed_with_it()
    {
        var suite = new HpkeSuite(DhKemX25519.Instance, HashFunction.Sha256, Aead.Aes256Gcm);
        using var recipient = X25519KeyPair.Generate();
        using var zeroed = new ZeroedMemory();
        HpkeContext context = suite.SetupSender(recipient.PublicKey.Span, "info"u8, out _);
        int before = zeroed.Count;
        context.Dispose();
        Assert.Equal(before + 2, zeroed.Count);
    }

    [Fact]
    public void A_recovery_key_and_the_account_key_that_it_seals_are_zeroed_wherever_they_passed()
    {
        using RecoveryKey recovery = RecoveryKey.Generate();
        string text = recovery.ToText();
        using Ed25519KeyPair account = Ed25519KeyPair.Import(s_key);
        byte[] copy = recovery.Seal(account, "alice");
        using (var zeroed = new ZeroedMemory())
        {
            recovery.Open(copy, "alice").Dispose();
            Assert.True(zeroed.Saw(s_key));
        }

        using (var zeroed = new ZeroedMemory())
        {
            using RecoveryKey parsed = RecoveryKey.Parse(text);
            byte[] typed = System.Runtime.InteropServices.MemoryMarshal.AsBytes(text.Replace("-", string.Empty, StringComparison.Ordinal).AsSpan())
                .ToArray();
            Assert.True(zeroed.Saw(typed));
        }

        using X25519KeyPair answer = X25519KeyPair.Generate();
        byte[] request = new byte[100];
        byte[] sealedAnswer = LinkKeyPayload.SealAnswer(request, answer.PublicKey, account);
        using (var zeroed = new ZeroedMemory())
        {
            LinkKeyPayload.OpenAnswer(request, answer, sealedAnswer).Dispose();
            Assert.True(zeroed.Saw(s_key));
        }
    }

    [Fact]
    public void In_the_rooms_of_the_keys_memory_is_zeroed_in_one_place_alone()
    {
        string folder = Path.Combine(Sources.Repository(), "src", "PulseMeet.E2E");
        string[] zeroing =
        [
            .. from room in Directory.GetDirectories(folder)
               where Path.GetFileName(room) is not ("Messaging" or "bin" or "obj") // above the keys: serialised state on its way to the store
               from file in Directory.GetFiles(room, "*.cs", SearchOption.AllDirectories)
               where Zeroes().IsMatch(File.ReadAllText(file))
               select Path.GetFileName(file),
        ];
        Assert.Equal(["SecretMemory.cs"], zeroing);
    }

    [GeneratedRegex(@"ZeroMemory\(")]
    private static partial Regex Zeroes();
}
