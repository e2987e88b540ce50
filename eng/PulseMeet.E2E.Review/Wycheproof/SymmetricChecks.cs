using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Review.Wycheproof;

/// <summary>AES-256-GCM, HMAC-SHA-256 and HKDF-SHA-256, each by every backend.</summary>
internal static class SymmetricChecks
{
    public static IEnumerable<Check> All =>
    [
        Gcm("platform", PlatformAesGcm.IsSupported ? PlatformAesGcm.Instance : null),
        Gcm("managed", ManagedAesGcm.Instance),
        Gcm("libcrypto", LibcryptoAesGcm.IsSupported ? LibcryptoAesGcm.Instance : null),
        Mac("platform", PlatformHmac.Instance),
        Mac("managed", ManagedHmac.Instance),
        Mac("libcrypto", LibcryptoHmac.IsSupported ? LibcryptoHmac.Instance : null),
        Derive("libcrypto", LibcryptoHmac.IsSupported ? LibcryptoHmac.Instance : null),
        Derive("platform", PlatformHmac.Instance),
        Derive("managed", ManagedHmac.Instance),
    ];

    private static Check Gcm(string name, IAeadBackend? backend) => new(
        "AES-GCM",
        ["AeadTest"],
        name,
        group => WycheproofFile.Number(group, "keySize") == 8 * AesGcm256.KeySize
            && WycheproofFile.Number(group, "ivSize") == 8 * AesGcm256.NonceSize
            && WycheproofFile.Number(group, "tagSize") == 8 * AesGcm256.TagSize,
        backend is null ? null : vector => Gcm(backend, vector));

    private static bool Gcm(IAeadBackend backend, Vector vector)
    {
        byte[] key = vector.Bytes("key");
        byte[] nonce = vector.Bytes("iv");
        byte[] associatedData = vector.Bytes("aad");
        byte[] expected = vector.Bytes("msg");
        byte[] sealedBytes = [.. vector.Bytes("ct"), .. vector.Bytes("tag")];
        byte[] opened = new byte[sealedBytes.Length - AesGcm256.TagSize];
        bool authentic = backend.TryOpen(key, nonce, sealedBytes, associatedData, opened);
        if (!vector.IsValid)
        {
            return !authentic && opened.All(b => b == 0);
        }

        byte[] sealedAgain = new byte[expected.Length + AesGcm256.TagSize];
        backend.Seal(key, nonce, expected, associatedData, sealedAgain);
        return authentic && opened.AsSpan().SequenceEqual(expected) && sealedAgain.AsSpan().SequenceEqual(sealedBytes);
    }

    private static Check Mac(string name, IHmacBackend? backend) => new(
        "HMACSHA256",
        ["MacTest"],
        name,
        group => WycheproofFile.Number(group, "tagSize") is > 0 and <= 8 * Hmac.Size,
        backend is null ? null : vector =>
        {
            byte[] tag = vector.Bytes("tag");
            Span<byte> mac = stackalloc byte[Hmac.Size];
            backend.Mac(vector.Bytes("key"), vector.Bytes("msg"), mac);
            bool same = tag.Length <= Hmac.Size && mac[..tag.Length].SequenceEqual(tag);
            return same == vector.IsValid;
        });

    private static Check Derive(string name, IHmacBackend? backend) => new(
        "HKDF-SHA-256",
        ["HkdfTest"],
        name,
        _ => true,
        backend is null ? null : vector => vector.IsValid
            ? Derive(backend, vector).AsSpan().SequenceEqual(vector.Bytes("okm"))
            : Check.Refused(() => Derive(backend, vector)));

    private static byte[] Derive(IHmacBackend backend, Vector vector)
    {
        byte[] prk = new byte[Hkdf.PrkSize];
        byte[] okm = new byte[vector.Number("size")];
        backend.Extract(vector.Bytes("ikm"), vector.Bytes("salt"), prk);
        backend.Expand(prk, vector.Bytes("info"), okm);
        return okm;
    }
}
