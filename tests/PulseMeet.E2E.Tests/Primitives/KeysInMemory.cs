using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>Attack 41: once all owners are disposed, the memory of the process holds no copy of a key but those that BouncyCastle
/// keeps and that nobody outside of it can zero (docs/threat-model.md, "Memory").</summary>
/// <remarks>Alone, so that no other test's collections move what BouncyCastle has while it has it.</remarks>
[Collection(nameof(KeysInMemory))]
[CollectionDefinition(nameof(KeysInMemory), DisableParallelization = true)]
public sealed class KeysInMemory
{
    /// <summary>BouncyCastle decodes the scalars of X25519 into arrays of its own, and copies the seed of ML-KEM.</summary>
    private static readonly string[] s_outOfReach = ["identity", "ratchet", "ML-KEM seed"];

    private static readonly byte[] s_text = new byte[300];

    [Fact]
    public void No_key_is_left_in_memory_after_it_was_used_and_disposed()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var memory = new ProcessMemory();
        var owners = new List<IDisposable>();
        OnAThreadOfItsOwn(() => UseEveryKey(memory, owners));
        string[] before = [.. memory.Find().Distinct()];
        OnAThreadOfItsOwn(() => owners.ForEach(owner => owner.Dispose()));
        Assert.Equal(
            ["account", "archive", "conversation", "handshake root", "identity", "master", "media", "ML-KEM seed", "MLS", "next header", "ratchet", "root", "signing"],
            before.Order(StringComparer.OrdinalIgnoreCase));
        Assert.Empty(memory.Find().Except(s_outOfReach));
    }

    /// <summary>A thread's stack goes with the thread.</summary>
    private static void OnAThreadOfItsOwn(Action action)
    {
        var thread = new Thread(() => action());
        thread.Start();
        thread.Join();
    }

    private static void UseEveryKey(ProcessMemory memory, List<IDisposable> owners)
    {
        var sealer = new MessageSealer(new MessageSealingOptions());
        var derivation = new KeyDerivationService(new KeyDerivationOptions(), TimeProvider.System);
        var place = new MessageContext("c", "alice", "bob", "m");
        Ed25519KeyPair account = Own("account", Ed25519KeyPair.Generate());
        Ed25519KeyPair signing = Own("signing", Ed25519KeyPair.Generate());
        Ed25519KeyPair mls = Own("MLS", Ed25519KeyPair.Generate());
        X25519KeyPair identity = Own("identity", X25519KeyPair.Generate());
        MasterKey master = Own("master", MasterKey.Generate());
        MediaKey media = Own("media", MediaKey.Generate());
        MlKemKeyPair kem = Own("ML-KEM seed", MlKemKeyPair.Generate());
        ConversationKeys keys = derivation.DeriveConversationKeys(identity, identity.PublicKey, new ConversationContext("c"));
        owners.Add(keys);
        memory.Remember("conversation", keys.Conversation);
        ArchiveKey archive = Own("archive", derivation.DeriveArchiveKey(identity, identity.PublicKey, new ConversationContext("c")));

        sealer.Open(keys.Conversation, sealer.Seal(keys.Conversation, s_text, place), place);
        sealer.Open(archive, sealer.Seal(archive, s_text, place), place);
        derivation.DeriveBackupKey(master, "alice", "b").Dispose();
        Hpke.Open(identity, default, default, Hpke.Seal(identity.PublicKey, default, default, s_text));
        DeviceCertificate.Issue(
            account, new DeviceAddress("alice", "phone"), identity.PublicKey, signing.PublicKey, mls.PublicKey, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));
        UseMlKem(kem);
        byte[] sealedFile = new byte[MediaSealer.GetSealedLength(s_text.Length)];
        MediaSealer.Seal(s_text, sealedFile, media, new MediaDescription("m", MediaKind.File)).Dispose();
        Converse();

        TKey Own<TKey>(string name, TKey key)
            where TKey : SecretKey
        {
            owners.Add(key);
            memory.Remember(name, key);
            return key;
        }

        void Converse()
        {
            Span<byte> fresh = stackalloc byte[HandshakeSecrets.Size];
            Randomness.Fill(fresh);
            var secrets = new HandshakeSecrets(stackalloc byte[32], fresh);
            fresh.Clear();
            X25519KeyPair preKey = X25519KeyPair.Generate();
            RatchetState alice = RatchetState.Initiator(secrets, preKey.PublicKey);
            RatchetState bob = RatchetState.Responder(secrets, preKey);
            owners.AddRange([secrets, preKey, alice, bob]);
            byte[] message = new byte[RatchetMessage.BodyAt + SealedBody.GetSealedLength(s_text.Length, PaddingScheme.Padme)];
            RatchetSealing.Seal(alice, s_text, default, message);
            RatchetOpening.Open(bob, message, default, DateTimeOffset.UnixEpoch);
            memory.Remember("handshake root", secrets.RootKey);
            memory.Remember("root", alice.RootKey);
            memory.Remember("next header", alice.NextSendingHeaderKey);
            memory.Remember("ratchet", alice.Own);
        }
    }

    private static void UseMlKem(MlKemKeyPair kem)
    {
        byte[] ciphertext = new byte[MlKem768.CiphertextSize];
        byte[] shared = new byte[MlKem768.SharedSecretSize];
        MlKem768.TryEncapsulate(kem.PublicKey.Span, ciphertext, shared);
        kem.Decapsulate(ciphertext, shared);
    }
}
