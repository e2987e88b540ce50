using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Sealing;

/// <summary>Sealing to a public key whose holder is not there.</summary>
/// <remarks>HPKE (RFC 9180), base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, single shot. Thread-safe.</remarks>
public static class Hpke
{
    /// <summary>What sealing adds, in bytes: the encapsulated key and the tag.</summary>
    public const int Overhead = X25519PublicKey.KeySize + AesGcm256.TagSize;

    private static readonly HpkeSuite s_suite = new(DhKemX25519.Instance, HashFunction.Sha256, Aead.Aes256Gcm);

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

        using HpkeContext context = s_suite.SetupSender(recipient.Span, info, out byte[] encapsulated);
        byte[] result = new byte[plaintext.Length + Overhead];
        encapsulated.CopyTo(result, 0);
        context.Seal(associatedData, plaintext, result.AsSpan(encapsulated.Length));
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

        // Stricter than the RFC, which takes every encoding whose agreement is not all zeros: one key has one encoding here.
        var encapsulated = X25519PublicKey.FromBytes(sealedMessage[..X25519PublicKey.KeySize]);
        using SecretScope key = own.Use();
        using var shared = new StackSecret(stackalloc byte[s_suite.Kem.SharedSecretSize]);
        if (!DhKemX25519.TryDecapsulate(key.Span, own.PublicKey.Span, encapsulated.Span, shared.Span))
        {
            throw new E2EException(E2EError.InvalidPublicKey);
        }

        using var context = new HpkeContext(s_suite, shared.Span, info);
        byte[] plaintext = new byte[sealedMessage.Length - Overhead];
        return context.TryOpen(associatedData, sealedMessage[X25519PublicKey.KeySize..], plaintext)
            ? plaintext
            : throw new E2EException(E2EError.NotAuthentic);
    }
}
