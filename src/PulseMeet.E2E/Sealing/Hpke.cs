using System.Buffers.Binary;
using System.Security.Cryptography;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Sealing;

/// <summary>Sealing to a public key whose holder is not there.</summary>
/// <remarks>HPKE (RFC 9180), base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, single shot. Thread-safe.</remarks>
public static class Hpke
{
    /// <summary>What sealing adds, in bytes: the encapsulated key and the tag.</summary>
    public const int Overhead = X25519PublicKey.KeySize + AesGcm256.TagSize;

    private static ReadOnlySpan<byte> KemSuite => [(byte)'K', (byte)'E', (byte)'M', 0, 0x20];

    private static ReadOnlySpan<byte> HpkeSuite => [(byte)'H', (byte)'P', (byte)'K', (byte)'E', 0, 0x20, 0, 1, 0, 2];

    /// <summary>Seals to a public key: the encapsulated key, the ciphertext, the tag.</summary>
    /// <param name="recipient">Who can open it.</param>
    /// <param name="info">Bound into the key.</param>
    /// <param name="associatedData">Authenticated.</param>
    /// <param name="plaintext">Any length.</param>
    public static byte[] Seal(
        X25519PublicKey recipient, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext)
    {
        ArgumentNullException.ThrowIfNull(recipient);
        using var ephemeral = X25519KeyPair.Generate();
        Span<byte> key = stackalloc byte[32];
        Span<byte> nonce = stackalloc byte[12];
        Schedule(ephemeral, recipient, ephemeral.PublicKey.Span, recipient.Span, info, key, nonce);
        byte[] result = new byte[plaintext.Length + Overhead];
        ephemeral.PublicKey.Span.CopyTo(result);
        AesGcm256.Seal(key, nonce, plaintext, associatedData, result.AsSpan(32));
        CryptographicOperations.ZeroMemory(key);
        return result;
    }

    /// <summary>Opens what was sealed to the own public key.</summary>
    /// <param name="own">The own key pair. Not disposed.</param>
    /// <param name="info">As it was sealed.</param>
    /// <param name="associatedData">As it was sealed.</param>
    /// <param name="sealedMessage">What <see cref="Seal"/> gave.</param>
    /// <exception cref="E2EException">Malformed, or not authentic.</exception>
    public static byte[] Open(
        X25519KeyPair own, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> sealedMessage)
    {
        ArgumentNullException.ThrowIfNull(own);
        if (sealedMessage.Length < Overhead)
        {
            throw new E2EException(E2EError.InvalidEncoding);
        }

        var encapsulated = X25519PublicKey.FromBytes(sealedMessage[..32]);
        Span<byte> key = stackalloc byte[32];
        Span<byte> nonce = stackalloc byte[12];
        Schedule(own, encapsulated, encapsulated.Span, own.PublicKey.Span, info, key, nonce);
        byte[] plaintext = new byte[sealedMessage.Length - Overhead];
        bool opened = AesGcm256.TryOpen(key, nonce, sealedMessage[32..], associatedData, plaintext);
        CryptographicOperations.ZeroMemory(key);
        return opened ? plaintext : throw new E2EException(E2EError.NotAuthentic);
    }

    private static void Schedule(
        X25519KeyPair own, X25519PublicKey peer, ReadOnlySpan<byte> enc, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> info,
        Span<byte> key, Span<byte> nonce)
    {
        Span<byte> dh = stackalloc byte[32];
        Span<byte> prk = stackalloc byte[32];
        Span<byte> shared = stackalloc byte[32];
        own.Agree(peer, dh);
        LabeledExtract(KemSuite, default, "eae_prk"u8, dh, prk);
        LabeledExpand(KemSuite, prk, "shared_secret"u8, [.. enc, .. recipient], shared);
        byte[] context = new byte[65];
        LabeledExtract(HpkeSuite, default, "psk_id_hash"u8, default, context.AsSpan(1, 32));
        LabeledExtract(HpkeSuite, default, "info_hash"u8, info, context.AsSpan(33, 32));
        LabeledExtract(HpkeSuite, shared, "secret"u8, default, prk);
        LabeledExpand(HpkeSuite, prk, "key"u8, context, key);
        LabeledExpand(HpkeSuite, prk, "base_nonce"u8, context, nonce);
        CryptographicOperations.ZeroMemory(dh);
        CryptographicOperations.ZeroMemory(prk);
        CryptographicOperations.ZeroMemory(shared);
    }

    private static void LabeledExtract(
        ReadOnlySpan<byte> suite, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> ikm, Span<byte> prk) =>
        Hkdf.Extract([.. "HPKE-v1"u8, .. suite, .. label, .. ikm], salt, prk);

    private static void LabeledExpand(
        ReadOnlySpan<byte> suite, ReadOnlySpan<byte> prk, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, Span<byte> okm)
    {
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)okm.Length);
        Hkdf.Expand(prk, [.. length, .. "HPKE-v1"u8, .. suite, .. label, .. info], okm);
    }
}
