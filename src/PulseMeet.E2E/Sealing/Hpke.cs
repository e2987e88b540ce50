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

    /// <summary>AES-256-GCM (RFC 9180, section 7.3).</summary>
    internal const byte Aes256Gcm = 2;

    /// <summary>Seals to a public key: the encapsulated key, the ciphertext, the tag.</summary>
    /// <param name="recipient">Who can open it.</param>
    /// <param name="info">Bound into the key.</param>
    /// <param name="associatedData">Authenticated.</param>
    /// <param name="plaintext">At most 16 MiB; what is longer belongs into media.</param>
    /// <returns>32 bytes of encapsulated key, the ciphertext, and the tag of 16 bytes.</returns>
    /// <exception cref="ArgumentException">The plaintext is too long.</exception>
    public static byte[] Seal(
        X25519PublicKey recipient, ReadOnlySpan<byte> info, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext)
    {
        ArgumentNullException.ThrowIfNull(recipient);
        if (plaintext.Length > SealedBody.MaxPlaintext)
        {
            throw new ArgumentException("At most 16 MiB.", nameof(plaintext));
        }

        using var ephemeral = X25519KeyPair.Generate();
        Span<byte> key = stackalloc byte[32];
        Span<byte> nonce = stackalloc byte[12];
        Schedule(Aes256Gcm, ephemeral, recipient, ephemeral.PublicKey.Span, recipient.Span, info, key, nonce);
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
    /// <exception cref="E2EException">Too short (<see cref="E2EError.InvalidEncoding"/>), the encapsulated key is not canonical
    /// or of low order (<see cref="E2EError.InvalidPublicKey"/>), or it was changed, is for somebody else or was bound to
    /// something else (<see cref="E2EError.NotAuthentic"/>).</exception>
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
        Schedule(Aes256Gcm, own, encapsulated, encapsulated.Span, own.PublicKey.Span, info, key, nonce);
        byte[] plaintext = new byte[sealedMessage.Length - Overhead];
        bool opened = AesGcm256.TryOpen(key, nonce, sealedMessage[32..], associatedData, plaintext);
        CryptographicOperations.ZeroMemory(key);
        return opened ? plaintext : throw new E2EException(E2EError.NotAuthentic);
    }

    /// <summary>Decap or the second half of Encap, and KeySchedule in base mode (RFC 9180, sections 4.1 and 5.1).</summary>
    /// <remarks>Takes the AEAD's id, which the library has only one of, so that the RFC's vectors for another one can be
    /// checked too.</remarks>
    internal static void Schedule(
        byte aead,
        X25519KeyPair own,
        X25519PublicKey peer,
        ReadOnlySpan<byte> encapsulated,
        ReadOnlySpan<byte> recipient,
        ReadOnlySpan<byte> info,
        Span<byte> key,
        Span<byte> nonce)
    {
        ReadOnlySpan<byte> suite = [(byte)'H', (byte)'P', (byte)'K', (byte)'E', 0, 0x20, 0, 1, 0, aead];
        Span<byte> dh = stackalloc byte[X25519.KeySize];
        Span<byte> prk = stackalloc byte[Hkdf.PrkSize];
        Span<byte> shared = stackalloc byte[X25519.KeySize];
        own.Agree(peer, dh);
        LabeledExtract(KemSuite, default, "eae_prk"u8, dh, prk);
        LabeledExpand(KemSuite, prk, "shared_secret"u8, [.. encapsulated, .. recipient], shared);

        // The mode (base, 0), the hash of the empty PSK id, the hash of the info.
        Span<byte> context = stackalloc byte[1 + (2 * Hkdf.PrkSize)];
        context[0] = 0;
        LabeledExtract(suite, default, "psk_id_hash"u8, default, context.Slice(1, Hkdf.PrkSize));
        LabeledExtract(suite, default, "info_hash"u8, info, context[(1 + Hkdf.PrkSize)..]);
        LabeledExtract(suite, shared, "secret"u8, default, prk);
        LabeledExpand(suite, prk, "key"u8, context, key);
        LabeledExpand(suite, prk, "base_nonce"u8, context, nonce);
        CryptographicOperations.ZeroMemory(dh);
        CryptographicOperations.ZeroMemory(prk);
        CryptographicOperations.ZeroMemory(shared);
    }

    private static void LabeledExtract(
        ReadOnlySpan<byte> suite, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> ikm, Span<byte> prk) =>
        ExtractAndZero([.. "HPKE-v1"u8, .. suite, .. label, .. ikm], salt, prk);

    private static void ExtractAndZero(byte[] labeledIkm, ReadOnlySpan<byte> salt, Span<byte> prk)
    {
        Hkdf.Extract(labeledIkm, salt, prk);
        CryptographicOperations.ZeroMemory(labeledIkm);
    }

    private static void LabeledExpand(
        ReadOnlySpan<byte> suite, ReadOnlySpan<byte> prk, ReadOnlySpan<byte> label, ReadOnlySpan<byte> info, Span<byte> okm)
    {
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)okm.Length);
        Hkdf.Expand(prk, [.. length, .. "HPKE-v1"u8, .. suite, .. label, .. info], okm);
    }
}
