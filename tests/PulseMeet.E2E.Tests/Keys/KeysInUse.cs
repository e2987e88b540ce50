using System.Reflection;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Stress;

namespace PulseMeet.E2E.Tests.Keys;

/// <summary>Attack 40: no operation runs under bytes that a finalizer has zeroed.</summary>
public sealed class KeysInUse
{
    private static readonly TimeSpan s_each = TimeSpan.FromMilliseconds(150);
    private static readonly byte[] s_secret = [.. Enumerable.Range(1, 96).Select(i => (byte)(i * 3))];
    private static readonly byte[] s_key = s_secret[..32];
    private static readonly MlKemKeyPair s_kem = MlKemKeyPair.Import(s_secret.AsSpan(0, 64));

    private static readonly Func<SecretKey>[] s_kinds =
    [
        .. typeof(SecretKey).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(SecretKey))).Select(Importing),
    ];

    private static readonly byte[] s_ciphertext = Encapsulated();
    private static readonly byte[] s_shared = Decapsulated();
    private static readonly byte[] s_stepped = Stepped();
    private static readonly byte[] s_segment = SegmentKey();
    private static readonly byte[] s_sealed = SealedManaged();

    /// <summary>What only the library itself does with a secret.</summary>
    private static readonly Dictionary<string, Func<bool>> s_internal = new()
    {
        ["decapsulate with an MlKemKeyPair"] = () => Decapsulated().AsSpan().SequenceEqual(s_shared),
        ["step a ChainKey"] = () => Stepped().AsSpan().SequenceEqual(s_stepped),
        ["read HandshakeSecrets"] = () => Copy(new HandshakeSecrets(s_key, s_secret).ResponderNextHeaderKey)
            .AsSpan().SequenceEqual(s_secret.AsSpan(64)),
        ["find a key among SkippedKeys"] = FindsASkippedKey,
        ["derive a segment key of a file"] = () => SegmentKey().AsSpan().SequenceEqual(s_segment),
        ["seal under an AesGcm256Key without a platform"] = () => SealedManaged().AsSpan().SequenceEqual(s_sealed),
        ["export every kind of key"] = () => s_kinds.All(import => Exported(import).SequenceEqual(s_secret.Take(Exported(import).Length))),
    };

    public static TheoryData<string> Operations => [.. KeyStress.Operations.Keys, .. s_internal.Keys];

    [Theory]
    [MemberData(nameof(Operations))]
    public void A_key_that_nobody_keeps_stays_whole_while_it_is_used(string operation)
    {
        Func<bool> run = KeyStress.Operations.GetValueOrDefault(operation) ?? s_internal[operation];
        (int wrong, int runs) = KeyStress.Run(run, s_each);
        Assert.True(runs > 0);
        Assert.True(wrong == 0, $"{wrong} of {runs} wrong");
    }

    private static byte[] Encapsulated()
    {
        byte[] ciphertext = new byte[MlKem768.CiphertextSize];
        Assert.True(MlKem768.TryEncapsulate(s_kem.PublicKey.Span, ciphertext, new byte[32]));
        return ciphertext;
    }

    private static byte[] Decapsulated()
    {
        byte[] shared = new byte[32];
        MlKemKeyPair.Import(s_secret.AsSpan(0, 64)).Decapsulate(s_ciphertext, shared);
        return shared;
    }

    private static byte[] Stepped()
    {
        byte[] messageKey = new byte[ChainKey.Size];
        new ChainKey(s_key, 0).Step(messageKey);
        return messageKey;
    }

    private static bool FindsASkippedKey()
    {
        var keys = new SkippedKeys();
        for (uint number = 0; number < 40; number++)
        {
            keys.Add(1, number, DateTimeOffset.UnixEpoch, s_key);
        }

        byte[] found = new byte[ChainKey.Size];
        return keys.TryGet(1, 7, DateTimeOffset.UnixEpoch, found) && found.AsSpan().SequenceEqual(s_key);
    }

    private static byte[] SegmentKey()
    {
        byte[] key = new byte[32];
        FloeState.Start(s_key, new FloeParameters(4096), s_key, default).DeriveSegmentKey(0, key);
        return key;
    }

    private static byte[] SealedManaged()
    {
        byte[] sealedBytes = new byte[20_000 + AesGcm256.TagSize];
        new AesGcm256Key(s_key, usePlatform: false).Seal(new byte[12], new byte[20_000], default, sealedBytes);
        return sealedBytes;
    }

    private static byte[] Copy(SecretBytes secret)
    {
        byte[] copy = new byte[secret.Length];
        secret.CopyTo(copy);
        return copy;
    }

    private static byte[] Exported(Func<SecretKey> import)
    {
        SecretKey key = import();
        byte[] copy = new byte[key.Size];
        import().Export(copy);
        return copy;
    }

    private static Func<SecretKey> Importing(Type kind)
    {
        ImportKey import = kind.GetMethod("Import", [typeof(ReadOnlySpan<byte>)])!.CreateDelegate<ImportKey>();
        int size = kind == typeof(MlKemKeyPair) ? 64 : 32;
        return () => import(s_secret.AsSpan(0, size));
    }

    private delegate SecretKey ImportKey(ReadOnlySpan<byte> key);
}
