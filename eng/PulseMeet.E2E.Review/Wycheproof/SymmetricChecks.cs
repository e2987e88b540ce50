using System.Text.Json;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Review.Wycheproof;

/// <summary>AES-256-GCM, HMAC-SHA-256 and HKDF-SHA-256, each by every backend.</summary>
internal static class SymmetricChecks
{
    /// <summary>The files' names of the algorithms.</summary>
    internal const string Gcm = "AES-GCM";
    internal const string Mac = "HMACSHA256";

    public static IEnumerable<Check> All =>
    [
        SealAndOpen("platform", PlatformAesGcm.IsSupported ? PlatformAesGcm.Instance : null),
        SealAndOpen("managed", ManagedAesGcm.Instance),
        SealAndOpen("libcrypto", LibcryptoAesGcm.IsSupported ? LibcryptoAesGcm.Instance : null),
        Authenticate("platform", PlatformHmac.Instance),
        Authenticate("managed", ManagedHmac.Instance),
        Authenticate("libcrypto", LibcryptoHmac.IsSupported ? LibcryptoHmac.Instance : null),
        Derive("libcrypto", LibcryptoHmac.IsSupported ? LibcryptoHmac.Instance : null),
        Derive("platform", PlatformHmac.Instance),
        Derive("managed", ManagedHmac.Instance),
    ];

    internal static bool HasOurGcmSizes(JsonElement group) =>
        WycheproofFile.Number(group, "keySize") == 8 * AesGcm256.KeySize
        && WycheproofFile.Number(group, "ivSize") == 8 * AesGcm256.NonceSize
        && WycheproofFile.Number(group, "tagSize") == 8 * AesGcm256.TagSize;

    internal static bool HasOurMacSize(JsonElement group) => WycheproofFile.Number(group, "tagSize") is > 0 and <= 8 * Hmac.Size;

    /// <summary>Whether the vector's tag is the code's beginning, or is not and should not be.</summary>
    internal static bool IsAsTheVectorSays(ReadOnlySpan<byte> mac, Vector vector)
    {
        byte[] tag = vector.Bytes("tag");
        bool same = tag.Length <= mac.Length && mac[..tag.Length].SequenceEqual(tag);
        return same == vector.IsValid;
    }

    private static Check SealAndOpen(string name, IAeadBackend? backend) => new(
        Gcm,
        ["AeadTest"],
        name,
        HasOurGcmSizes,
        backend is null ? null : vector => SealsAndOpens(backend, vector));

    private static bool SealsAndOpens(IAeadBackend backend, Vector vector)
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

    private static Check Authenticate(string name, IHmacBackend? backend) => new(
        Mac,
        ["MacTest"],
        name,
        HasOurMacSize,
        backend is null ? null : vector =>
        {
            Span<byte> mac = stackalloc byte[Hmac.Size];
            backend.Mac(vector.Bytes("key"), vector.Bytes("msg"), mac);
            return IsAsTheVectorSays(mac, vector);
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
