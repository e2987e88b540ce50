using System.Diagnostics;
using System.Runtime.CompilerServices;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Stress;

/// <summary>Attack 40: every operation that reads a key, each with a key that nobody keeps and nobody disposes, on several
/// threads, while another thread allocates and collects. A finalizer that zeroes a key in use shows as a wrong result.</summary>
/// <remarks>Only what an app can call, so that the same file is compiled ahead of time too. Says nothing in code that the JIT has
/// not optimised, where a variable lives to the end of its method.</remarks>
internal static class KeyStress
{
    /// <summary>More than processors, so that readers wait in the middle of their work while the finalizer runs.</summary>
    private const int Threads = 12;

    private static readonly byte[] s_key = [.. Enumerable.Range(1, 32).Select(i => (byte)(i * 3))];
    private static readonly byte[] s_plaintext = new byte[20_000];

    /// <summary>Sealing reads its key after the text was padded: the longer the text, the wider the gap.</summary>
    private static readonly byte[] s_longPlaintext = new byte[1_000_000];
    private static readonly MessageContext s_place = new("c", "alice", "bob", "m");
    private static readonly ConversationContext s_context = new("conversation");
    private static readonly DeviceAddress s_address = new("alice", "phone");
    private static readonly DateTimeOffset s_now = DateTimeOffset.UnixEpoch.AddYears(60);
    private static readonly MessageSealer s_sealer = new(new MessageSealingOptions());
    private static readonly KeyDerivationService s_derivation = new(new KeyDerivationOptions(), TimeProvider.System);
    private static readonly LegacyKeyDerivation s_legacy = new("a salt");
    private static readonly X25519KeyPair s_peer = X25519KeyPair.Generate();
    private static readonly X25519KeyPair s_own = X25519KeyPair.Import(s_key);

    private static readonly Ed25519KeyPair s_account = Ed25519KeyPair.Import(s_key);
    private static readonly Ed25519PublicKey s_signing = Ed25519KeyPair.Generate().PublicKey;
    private static readonly Ed25519PublicKey s_mls = Ed25519KeyPair.Generate().PublicKey;
    private static readonly RatchetSessionFactory s_sessions = new(
        new RatchetOptions(), new PreKeyOptions { OneTimePreKeys = 1 }, TimeProvider.System);

    private static readonly Stored s_device = Prepare();
    private static readonly ConversationKey s_conversation = ConversationKey.Import(s_key);
    private static readonly ArchiveKey s_archive = ArchiveKey.Import(s_key);
    private static readonly byte[] s_sealed = s_sealer.Seal(s_conversation, s_plaintext, s_place);
    private static readonly byte[] s_archived = s_sealer.Seal(s_archive, s_plaintext, s_place);
    private static readonly byte[] s_wrapped = Hpke.Seal(s_own.PublicKey, default, default, s_plaintext);
    private static readonly MediaDescription s_file = new("file", MediaKind.File);

    /// <summary>Each operation says whether its result is right.</summary>
    public static IReadOnlyDictionary<string, Func<bool>> Operations { get; } = new Dictionary<string, Func<bool>>
    {
        ["seal under a ConversationKey"] = () =>
            Same(s_sealer.Open(s_conversation, s_sealer.Seal(ConversationKey.Import(s_key), s_longPlaintext, s_place), s_place), s_longPlaintext),
        ["open under a ConversationKey"] = () => Same(s_sealer.Open(ConversationKey.Import(s_key), s_sealed, s_place), s_plaintext),
        ["seal under an ArchiveKey"] = () =>
            Same(s_sealer.Open(s_archive, s_sealer.Seal(ArchiveKey.Import(s_key), s_longPlaintext, s_place), s_place), s_longPlaintext),
        ["open under an ArchiveKey"] = () => Same(s_sealer.Open(ArchiveKey.Import(s_key), s_archived, s_place), s_plaintext),
        ["derive from a MasterKey"] = Derived(
            () => s_derivation.DeriveBackupKey(MasterKey.Import(s_key), "alice", "b"),
            () => s_derivation.DeriveDeviceKey(MasterKey.Import(s_key), s_address),
            () => s_legacy.DeriveV1DeviceKey(MasterKey.Import(s_key), "alice", "phone")),
        ["derive from a MediaKey"] = Derived(() => s_derivation.DeriveMediaFileKey(MediaKey.Import(s_key), "file")),
        ["derive from a LegacyKey"] = Derived(
            () => s_legacy.DeriveV1MediaKey(LegacyKey.Import(s_key), "file", "c"),
            () => s_legacy.DeriveV1AuthenticationKey(LegacyKey.Import(s_key), "c")),
        ["agree with an X25519KeyPair"] = Derived(
            () => s_derivation.DeriveArchiveKey(X25519KeyPair.Import(s_key), s_peer.PublicKey, s_context),
            () => s_derivation.DeriveConversationKeys(X25519KeyPair.Import(s_key), s_peer.PublicKey, s_context).Conversation,
            () => s_legacy.DeriveV0ConversationKey(X25519KeyPair.Import(s_key), s_peer.PublicKey, "c"),
            () => s_legacy.DeriveV1ConversationKey(X25519KeyPair.Import(s_key), s_peer.PublicKey, "c")),
        ["open what was sealed to an X25519KeyPair"] = () =>
            Same(Hpke.Open(X25519KeyPair.Import(s_key), default, default, s_wrapped), s_plaintext),
        ["make public keys"] = () => X25519KeyPair.Import(s_key).PublicKey == s_own.PublicKey
            && Ed25519KeyPair.Import(s_key).PublicKey == s_account.PublicKey,
        ["sign with an Ed25519KeyPair"] = () =>
        {
            // A signature with a zeroed key does not verify.
            DeviceCertificate.Issue(
                Ed25519KeyPair.Import(s_key), s_address, s_own.PublicKey, s_signing, s_mls, s_now, s_now.AddDays(1)).Verify(s_now);
            return true;
        },
        ["export and compare every kind of key"] = ExportsEveryKind,
        ["seal and open a file under a MediaKey"] = SealsAFile,
        ["agree with a whole device: identity, prekeys, ML-KEM-768, ratchet"] = Converses,
        ["seal in a session that nobody keeps"] = SealsInASession,
    };

    /// <summary>Runs an operation for a while.</summary>
    /// <returns>How often its result was wrong, of how many.</returns>
    public static (int Wrong, int Runs) Run(Func<bool> operation, TimeSpan duration)
    {
        int wrong = 0;
        int runs = 0;
        using var stop = new CancellationTokenSource();
        var collector = new Thread(() => Allocate(stop.Token));
        collector.Start();
        long end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        Thread[] workers = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            do
            {
                if (!IsRight(operation))
                {
                    Interlocked.Increment(ref wrong);
                }

                Interlocked.Increment(ref runs);
            }
            while (Stopwatch.GetTimestamp() < end);
        }))];
        Array.ForEach(workers, worker => worker.Start());
        Array.ForEach(workers, worker => worker.Join());
        stop.Cancel();
        collector.Join();
        return (wrong, runs);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static bool IsRight(Func<bool> operation)
    {
        try
        {
            return operation();
        }
        catch (Exception exception) when (exception is E2EException or ArgumentException)
        {
            return false;
        }
    }

    private static void Allocate(CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            GC.KeepAlive(new byte[1024]);
            if (i % 1024 == 0)
            {
                GC.Collect(0);
            }
        }
    }

    /// <summary>The derivations give what they gave when nothing was collected.</summary>
    private static Func<bool> Derived(params Func<SecretKey>[] derivations)
    {
        byte[][] expected = [.. derivations.Select(derive => Export(derive()))];
        return () => derivations.Zip(expected).All(pair => Same(Export(pair.First()), pair.Second));
    }

    private static bool ExportsEveryKind() =>
        Same(Export(ArchiveKey.Import(s_key)), s_key)
        && Same(Export(ConversationKey.Import(s_key)), s_key)
        && Same(Export(Ed25519KeyPair.Import(s_key)), s_key)
        && Same(Export(LegacyKey.Import(s_key)), s_key)
        && Same(Export(MasterKey.Import(s_key)), s_key)
        && Same(Export(MediaKey.Import(s_key)), s_key)
        && Same(Export(X25519KeyPair.Import(s_key)), s_key)
        && s_archive.FixedTimeEquals(ArchiveKey.Import(s_key))
        && ConversationKey.Import(s_key).FixedTimeEquals(s_conversation);

    private static bool SealsAFile()
    {
        byte[] sealedFile = new byte[MediaSealer.GetSealedLength(s_plaintext.Length)];
        byte[] content = new byte[s_plaintext.Length];
        MediaReference reference = MediaSealer.Seal(s_plaintext, sealedFile, MediaKey.Import(s_key), s_file);
        MediaOpener.Open(MediaReference.Decode(reference.Encode()), sealedFile, content);
        return Same(content, s_plaintext);
    }

    private static bool SealsInASession() =>
        s_sessions.Load(s_device.Session).Seal(s_key).Length > 0
        && Same(s_sessions.Load(s_device.Session).Serialize(), s_device.Session);

    private static bool Converses()
    {
        DeviceIdentity alice = DeviceIdentity.Deserialize(s_device.Alice);
        DeviceIdentity bob = DeviceIdentity.Deserialize(s_device.Bob);
        RatchetSession session = s_sessions.Initiate(alice, new ExpectedPeer(bob.Address), s_device.Bundle);
        AcceptedSession accepted = s_sessions.Accept(
            bob, s_sessions.LoadPreKeys(s_device.PreKeys, bob), new ExpectedPeer(alice.Address), session.Seal(s_key));
        return Same(session.Open(accepted.Session.Seal(s_plaintext)), s_plaintext);
    }

    private static Stored Prepare()
    {
        DeviceIdentity alice = s_sessions.CreateDevice(s_account, s_address);
        DeviceIdentity bob = s_sessions.CreateDevice(s_account, new DeviceAddress("bob", "phone"));
        DevicePreKeys preKeys = s_sessions.CreatePreKeys(bob);
        var directory = new InMemoryKeyDirectory(TimeProvider.System);
        directory.PublishAsync(preKeys.Publish(default)).GetAwaiter().GetResult();
        PreKeyBundle bundle = directory.ClaimBundleAsync(bob.Address).GetAwaiter().GetResult();
        RatchetSession session = s_sessions.Initiate(alice, new ExpectedPeer(bob.Address), bundle);
        session.Seal(s_key);
        return new(alice.Serialize(), bob.Serialize(), preKeys.Serialize(), bundle, session.Serialize());
    }

    private sealed record Stored(byte[] Alice, byte[] Bob, byte[] PreKeys, PreKeyBundle Bundle, byte[] Session);

    private static byte[] Export(SecretKey key)
    {
        byte[] copy = new byte[key.Size];
        key.Export(copy);
        return copy;
    }

    private static bool Same(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => left.SequenceEqual(right);
}
