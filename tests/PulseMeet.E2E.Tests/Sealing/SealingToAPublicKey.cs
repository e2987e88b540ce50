using FsCheck.Xunit;
using PulseMeet.E2E.Keys;
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
    private const string RecipientPublic = "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d";
    private const string Info = "4f6465206f6e2061204772656369616e2055726e";

    private readonly X25519KeyPair _recipient = X25519KeyPair.Generate();

    [Fact]
    public void The_key_schedule_is_that_of_RFC_9180_appendix_A_1_from_both_sides()
    {
        using X25519KeyPair ephemeral = X25519KeyPair.Import(Convert.FromHexString(EphemeralPrivate));
        using X25519KeyPair recipient = X25519KeyPair.Import(Convert.FromHexString(RecipientPrivate));
        Assert.Equal(EphemeralPublic, ephemeral.PublicKey.ToHex());
        Assert.Equal(RecipientPublic, recipient.PublicKey.ToHex());
        const byte aes128Gcm = 1;
        foreach ((X25519KeyPair own, X25519PublicKey peer) in new[] { (ephemeral, recipient.PublicKey), (recipient, ephemeral.PublicKey) })
        {
            byte[] key = new byte[16];
            byte[] nonce = new byte[12];
            Hpke.Schedule(
                aes128Gcm, own, peer, ephemeral.PublicKey.Span, recipient.PublicKey.Span, Convert.FromHexString(Info), key, nonce);
            Assert.Equal("4531685d41d65f03dc48f6b8302c05b0", Convert.ToHexStringLower(key));
            Assert.Equal("56d890e5accaaf011cff4b7d", Convert.ToHexStringLower(nonce));

            // The first encryption of the appendix, by the platform's AES-128-GCM under that key and nonce.
            using var aes = new System.Security.Cryptography.AesGcm(key, 16);
            byte[] text = "Beauty is truth, truth beauty"u8.ToArray();
            byte[] cipher = new byte[text.Length];
            byte[] tag = new byte[16];
            aes.Encrypt(nonce, text, cipher, tag, "Count-0"u8);
            Assert.Equal(
                "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
                Convert.ToHexStringLower([.. cipher, .. tag]));
        }
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

    private static byte[] EphemeralPublicBytes => Convert.FromHexString(EphemeralPublic);

    public void Dispose() => _recipient.Dispose();
}
