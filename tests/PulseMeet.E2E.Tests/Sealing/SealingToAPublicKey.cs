using System.Reflection;
using FsCheck.Xunit;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Sealing;

/// <summary>HPKE (RFC 9180): what is sealed to a public key opens with its private key, bound to its purpose, and no other
/// way.</summary>
public sealed class SealingToAPublicKey : IDisposable
{
    private const string EphemeralPrivate = "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736";
    private const string EphemeralPublic = "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431";
    private const string RecipientPrivate = "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8";
    private const string Info = "4f6465206f6e2061204772656369616e2055726e";

    /// <summary>Appendix A.1.1.1: the associated data and the ciphertext of the first encryptions.</summary>
    private static readonly (string Data, string Ciphertext)[] s_appendix =
    [
        ("Count-0", "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"),
        ("Count-1", "af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84"),
        ("Count-2", "498dfcabd92e8acedc281e85af1cb4e3e31c7dc394a1ca20e173cb72516491588d96a19ad4a683518973dcc180"),
    ];

    private readonly X25519KeyPair _recipient = X25519KeyPair.Generate();

    [Fact]
    public void The_key_schedule_is_that_of_RFC_9180_appendix_A_1()
    {
        byte[] recipient = Convert.FromHexString(RecipientPrivate);
        byte[] ephemeral = Convert.FromHexString(EphemeralPrivate);
        var suite = new HpkeSuite(DhKemX25519.Instance, HashFunction.Sha256, Aead.Aes128Gcm);
        using HpkeContext opening = suite.SetupRecipient(EphemeralPublicBytes, recipient, Convert.FromHexString(Info));
        foreach ((string data, string ciphertext) in s_appendix)
        {
            byte[] plaintext = new byte[29];
            byte[] cipher = Convert.FromHexString(ciphertext);
            Assert.False(opening.TryOpen("Count-9"u8, cipher, plaintext)); // and the sequence has not moved
            Assert.True(opening.TryOpen(System.Text.Encoding.ASCII.GetBytes(data), cipher, plaintext));
            Assert.Equal("Beauty is truth, truth beauty", System.Text.Encoding.ASCII.GetString(plaintext));
        }

        // The sender's side: the agreement of the ephemeral key gives the same shared secret.
        byte[] shared = new byte[32];
        Assert.True(DhKemX25519.Instance.TryDecapsulate(recipient, EphemeralPublicBytes, shared));
        Assert.Equal("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc", Convert.ToHexStringLower(shared));
        using X25519KeyPair own = X25519KeyPair.Import(ephemeral);
        Assert.Equal(EphemeralPublic, own.PublicKey.ToHex());
        using var sealing = new HpkeContext(suite, shared, Convert.FromHexString(Info));
        foreach ((string data, string ciphertext) in s_appendix)
        {
            byte[] cipher = sealing.Seal(System.Text.Encoding.ASCII.GetBytes(data), "Beauty is truth, truth beauty"u8);
            Assert.Equal(ciphertext, Convert.ToHexStringLower(cipher));
        }
    }

    [Theory]
    [InlineData("", "3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee")]
    [InlineData("00", "2e8f0b54673c7029649d4eb9d5e33bf1872cf76d623ff164ac185da9e88c21a5")]
    [InlineData("54657374436f6e74657874", "e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931")]
    public void Exported_secrets_are_those_of_RFC_9180_appendix_A_1_1_2(string exporterContext, string expected)
    {
        var suite = new HpkeSuite(DhKemX25519.Instance, HashFunction.Sha256, Aead.Aes128Gcm);
        using HpkeContext context = suite.SetupRecipient(
            EphemeralPublicBytes, Convert.FromHexString(RecipientPrivate), Convert.FromHexString(Info));
        byte[] secret = new byte[32];
        context.Export(Convert.FromHexString(exporterContext), secret);
        Assert.Equal(expected, Convert.ToHexStringLower(secret));
    }

    [Fact]
    public void What_is_sealed_opens_in_a_context_of_its_own_suite_and_what_a_context_seals_opens()
    {
        var suite = new HpkeSuite(DhKemX25519.Instance, HashFunction.Sha256, Aead.Aes256Gcm);
        byte[] message = Hpke.Seal(_recipient.PublicKey, "info"u8, "data"u8, "text"u8);
        using (HpkeContext context = suite.SetupRecipient(message.AsSpan(0, 32), Forge.BytesOf(_recipient), "info"u8))
        {
            byte[] plaintext = new byte[4];
            Assert.True(context.TryOpen("data"u8, message.AsSpan(32), plaintext));
            Assert.Equal("text"u8.ToArray(), plaintext);
        }

        using HpkeContext sender = suite.SetupSender(_recipient.PublicKey.Span, "info"u8, out byte[] encapsulation);
        byte[] body = sender.Seal("data"u8, "text"u8);
        Assert.Equal("text"u8.ToArray(), Hpke.Open(_recipient, "info"u8, "data"u8, [.. encapsulation, .. body]));
    }

    [Property(MaxTest = 100)]
    public bool Every_text_opens_with_the_private_key(byte[] text, byte[] info, byte[] data)
    {
        byte[] message = Hpke.Seal(_recipient.PublicKey, info, data, text);
        return message.Length == text.Length + Hpke.Overhead
            && Hpke.Open(_recipient, info, data, message).AsSpan().SequenceEqual(text);
    }

    [Fact]
    public void A_changed_bit_a_missing_byte_another_purpose_or_another_recipient_is_refused()
    {
        byte[] message = Hpke.Seal(_recipient.PublicKey, "key of a pulse"u8, "row 1"u8, "the key"u8);
        for (int i = 0; i < message.Length; i++)
        {
            byte[] changed = [.. message];
            changed[i] ^= (byte)(1 << (i % 8));
            Assert.Throws<E2EException>(() => Hpke.Open(_recipient, "key of a pulse"u8, "row 1"u8, changed));
            Assert.Throws<E2EException>(() => Hpke.Open(_recipient, "key of a pulse"u8, "row 1"u8, message.AsSpan(0, i)));
        }

        using X25519KeyPair other = X25519KeyPair.Generate();
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => Hpke.Open(other, "key of a pulse"u8, "row 1"u8, message)));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => Hpke.Open(_recipient, "key of a pulse"u8, "row 2"u8, message)));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => Hpke.Open(_recipient, "key of a dm"u8, "row 1"u8, message)));
    }

    [Theory]
    [MemberData(nameof(Keys.PublicKeyEncodings.LowOrder), MemberType = typeof(Keys.PublicKeyEncodings))]
    public void A_low_order_encapsulated_key_is_refused(string hex)
    {
        byte[] message = [.. Convert.FromHexString(hex), .. new byte[32]];
        Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => Hpke.Open(_recipient, default, default, message)));
    }

    [Property(MaxTest = 200)]
    public bool Arbitrary_bytes_are_refused_with_a_reason(byte[] bytes) =>
        Refusal.IsDocumented(() => Hpke.Open(_recipient, default, default, bytes))
        && Refusal.IsDocumented(() => Hpke.Open(_recipient, default, default, [.. EphemeralPublicBytes, .. bytes]));

    [Fact]
    public void Every_part_of_a_suite_is_bound_into_its_keys()
    {
        var suite = new HpkeSuite(XWing.Instance, HashFunction.Sha384, Aead.Aes256Gcm);
        Assert.Equal([.. "HPKE"u8, 0x64, 0x7a, 0, 2, 0, 2], suite.SuiteId.ToArray()); // RFC 9180, section 5.1; X-Wing's number, section 7.1
    }

    [Theory]
    [MemberData(nameof(Keys.PublicKeyEncodings.LowOrder), MemberType = typeof(Keys.PublicKeyEncodings))]
    public void A_low_order_key_sets_up_neither_side(string hex)
    {
        var suite = new HpkeSuite(DhKemX25519.Instance, HashFunction.Sha256, Aead.Aes256Gcm);
        byte[] lowOrder = Convert.FromHexString(hex);
        Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => suite.SetupSender(lowOrder, "info"u8, out _)));
        Assert.Equal(
            E2EError.InvalidPublicKey, Refusal.Of(() => suite.SetupRecipient(lowOrder, Forge.BytesOf(_recipient), "info"u8)));
    }

    [Fact]
    public void After_the_last_number_a_context_neither_seals_nor_opens_so_that_no_nonce_comes_again()
    {
        var suite = new HpkeSuite(DhKemX25519.Instance, HashFunction.Sha256, Aead.Aes256Gcm);
        using HpkeContext sender = suite.SetupSender(_recipient.PublicKey.Span, default, out byte[] encapsulation);
        using HpkeContext recipient = suite.SetupRecipient(encapsulation, Forge.BytesOf(_recipient), default);
        Exhaust(sender, ulong.MaxValue - 1);
        Exhaust(recipient, ulong.MaxValue - 1);
        byte[] last = sender.Seal(default, "last"u8);
        byte[] plaintext = new byte[4];
        Assert.True(recipient.TryOpen(default, last, plaintext));
        Assert.Equal(E2EError.ChainExhausted, Refusal.Of(() => sender.Seal(default, "more"u8)));
        Assert.Equal(E2EError.ChainExhausted, Refusal.Of(() => recipient.TryOpen(default, last, plaintext)));
    }

    [Fact]
    public void Sixteen_mebibytes_are_sealed_and_one_byte_more_or_nothing_to_seal_to_is_a_callers_mistake()
    {
        byte[] most = new byte[SealedBody.MaxPlaintext];
        byte[] message = Hpke.Seal(_recipient.PublicKey, default, default, most);
        Assert.Equal(most.Length, Hpke.Open(_recipient, default, default, message).Length);
        Assert.Throws<ArgumentException>(() => Hpke.Seal(_recipient.PublicKey, default, default, new byte[most.Length + 1]));
        Assert.Throws<ArgumentNullException>(() => Hpke.Seal(null!, default, default, default));
        Assert.Throws<ArgumentNullException>(() => Hpke.Open(null!, default, default, message));
        var suite = new HpkeSuite(DhKemX25519.Instance, HashFunction.Sha256, Aead.Aes256Gcm);
        Assert.Throws<ArgumentException>("privateKey", () => suite.SetupRecipient(EphemeralPublicBytes, new byte[31], default));
    }

    /// <summary>As many messages as that were sealed.</summary>
    private static void Exhaust(HpkeContext context, ulong sequence) =>
        typeof(HpkeContext).GetField("_sequence", BindingFlags.NonPublic | BindingFlags.Instance)!.SetValue(context, sequence);

    private static byte[] EphemeralPublicBytes => Convert.FromHexString(EphemeralPublic);

    public void Dispose() => _recipient.Dispose();
}
