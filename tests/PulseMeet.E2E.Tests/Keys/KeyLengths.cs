using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Keys;

/// <summary>A key has one length: another one is a caller's mistake for a secret, and refused for a public key.</summary>
public sealed class KeyLengths
{
    [Fact]
    public void Every_kind_of_secret_key_is_imported_and_exported_with_its_own_length_alone()
    {
        (int Size, Func<byte[], SecretKey> Import)[] kinds =
        [
            (32, key => ConversationKey.Import(key)), (32, key => MediaKey.Import(key)), (32, key => AuthenticationKey.Import(key)),
            (32, key => ArchiveKey.Import(key)), (32, key => BackupKey.Import(key)), (32, key => DeviceKey.Import(key)),
            (32, key => MasterKey.Import(key)), (32, key => X25519KeyPair.Import(key)), (32, key => Ed25519KeyPair.Import(key)),
            (64, key => MlKemKeyPair.Import(key)),
        ];
        Assert.All(kinds, kind =>
        {
            Assert.Throws<ArgumentException>(() => kind.Import(new byte[kind.Size - 1]));
            Assert.Throws<ArgumentException>(() => kind.Import(new byte[kind.Size + 1]));
            byte[] bytes = [.. Enumerable.Range(1, kind.Size).Select(i => (byte)i)];
            using SecretKey key = kind.Import(bytes);
            byte[] exported = new byte[kind.Size];
            key.Export(exported);
            Assert.Equal(bytes, exported);
            Assert.Throws<ArgumentException>(() => key.Export(new byte[kind.Size - 1]));
            Assert.Throws<ArgumentException>(() => key.Export(new byte[kind.Size + 1]));
            Assert.Throws<ArgumentNullException>(() => key.FixedTimeEquals(null!));
        });
    }

    [Fact]
    public void An_ml_kem_key_reads_from_each_form_and_decapsulates_what_was_encapsulated_to_it()
    {
        using MlKemKeyPair pair = MlKemKeyPair.Generate();
        MlKemPublicKey key = pair.PublicKey;
        Assert.Equal(key, MlKemPublicKey.FromHex(key.ToHex()));
        Assert.Equal(key, MlKemPublicKey.FromBase64(key.ToBase64()));
        Assert.Equal(key, MlKemPublicKey.FromBytes(key.Span));
        Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => MlKemPublicKey.FromBytes(key.Span[1..])));
        byte[] beyond = key.ToArray();
        (beyond[0], beyond[1]) = (0x01, 0x0d); // the first coefficient is 3329
        Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => MlKemPublicKey.FromBytes(beyond)));
        byte[] ciphertext = new byte[1088];
        byte[] sent = new byte[32];
        byte[] received = new byte[32];
        Assert.True(PulseMeet.E2E.Primitives.MlKem768.TryEncapsulate(key.Span, ciphertext, sent));
        pair.Decapsulate(ciphertext, received);
        Assert.Equal(sent, received);
    }

    [Fact]
    public void Two_kinds_of_public_key_with_the_same_bytes_are_two_keys_and_no_key_is_nothing()
    {
        byte[] bytes = [9, .. new byte[31]];
        PublicKey curve = new X25519PublicKey(bytes);
        PublicKey signing = new Ed25519PublicKey(bytes);
        Assert.False(curve.Equals(signing));
        Assert.False(curve.Equals(null));
        Assert.True(curve.Equals(new X25519PublicKey(bytes)));
    }
}
