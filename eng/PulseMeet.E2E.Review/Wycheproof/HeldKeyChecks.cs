using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Review.Wycheproof;

/// <summary>AES-256-GCM and HMAC-SHA-256 under a key that is set once, each by every backend.</summary>
/// <remarks>The object that holds the key does every vector twice, with something else in between: what that leaves in it has to be
/// without effect.</remarks>
internal static class HeldKeyChecks
{
    public static IEnumerable<Check> All =>
    [
        Gcm("platform", PlatformAesGcm.IsSupported ? key => new(key, usePlatform: true) : null),
        Gcm("managed", key => new(key, usePlatform: false)),
        Gcm("libcrypto", LibcryptoAesGcm.IsSupported ? key => new(key, usePlatform: false, usesLibcrypto: true) : null),
        Mac("platform", PlatformHmac.Instance),
        Mac("managed", ManagedHmac.Instance),
        Mac("libcrypto", LibcryptoHmac.IsSupported ? LibcryptoHmac.Instance : null),
    ];

    private static Check Gcm(string name, Func<byte[], AesGcm256Key>? hold) => new(
        SymmetricChecks.Gcm,
        ["AeadTest"],
        $"{name}, held key",
        SymmetricChecks.HasOurGcmSizes,
        hold is null ? null : vector =>
        {
            using AesGcm256Key key = hold(vector.Bytes("key"));
            return Holds(key, vector);
        });

    private static bool Holds(AesGcm256Key key, Vector vector)
    {
        byte[] nonce = vector.Bytes("iv");
        byte[] associatedData = vector.Bytes("aad");
        byte[] plaintext = vector.Bytes("msg");
        byte[] sealedBytes = [.. vector.Bytes("ct"), .. vector.Bytes("tag")];
        byte[] sealedAgain = new byte[plaintext.Length + AesGcm256.TagSize];
        bool twice = Opens() && Seals() && Opens() && Seals();
        return twice && (Open(sealedAgain) ?? []).AsSpan().SequenceEqual(plaintext);

        bool Opens() => vector.IsValid
            ? Open(sealedBytes) is { } opened && opened.AsSpan().SequenceEqual(plaintext)
            : Open(sealedBytes) is null;

        bool Seals()
        {
            key.Seal(nonce, plaintext, associatedData, sealedAgain);
            return sealedAgain.AsSpan().SequenceEqual(sealedBytes) == vector.IsValid;
        }

        // Null where it is refused and nothing is left of it.
        byte[]? Open(byte[] bytes)
        {
            byte[] opened = new byte[bytes.Length - AesGcm256.TagSize];
            opened.AsSpan().Fill(0xff);
            bool authentic = key.TryOpen(nonce, bytes, associatedData, opened);
            return authentic || opened.Any(b => b != 0) ? opened : null;
        }
    }

    /// <summary>The library holds keys of 32 bytes alone (<see cref="Hmac.Keyed"/>).</summary>
    private static Check Mac(string name, IHmacBackend? backend) => new(
        SymmetricChecks.Mac,
        ["MacTest"],
        $"{name}, held key",
        group => WycheproofFile.Number(group, "keySize") == 8 * Hmac.Size && SymmetricChecks.HasOurMacSize(group),
        backend is null ? null : vector =>
        {
            byte[] message = vector.Bytes("msg");
            Span<byte> mac = stackalloc byte[Hmac.Size];
            Span<byte> again = stackalloc byte[Hmac.Size];
            using IKeyedHmac key = backend.Keyed(vector.Bytes("key"));
            key.Mac(message, mac);
            key.Mac("Something else."u8, again);
            key.Mac(message, again);
            return SymmetricChecks.IsAsTheVectorSays(mac, vector) && again.SequenceEqual(mac);
        });
}
