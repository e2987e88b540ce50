using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Identity;

/// <summary>A copy of the account key, sealed under the recovery key. docs/protocol-linking.md, "Recovery copy".</summary>
internal static class RecoveryCopy
{
    /// <summary>Version, salt, nonce, account public key, account private key, tag.</summary>
    public const int Size = 1 + SaltSize + AesGcm256.NonceSize + Ed25519PublicKey.KeySize + Ed25519KeyPair.PrivateKeySize + AesGcm256.TagSize;

    private const byte Version = 1;
    private const int SaltSize = 32;

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v1 recovery copy"u8;

    public static byte[] Seal(ReadOnlySpan<byte> recoveryKey, Ed25519KeyPair account, string userId)
    {
        Span<byte> salt = stackalloc byte[SaltSize];
        Span<byte> nonce = stackalloc byte[AesGcm256.NonceSize];
        Randomness.Fill(salt);
        Randomness.NextNonce(nonce);
        return Seal(recoveryKey, account, userId, salt, nonce);
    }

    internal static byte[] Seal(
        ReadOnlySpan<byte> recoveryKey, Ed25519KeyPair account, string userId, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> nonce)
    {
        byte[] copy = new byte[Size];
        var writer = new SpanWriter(copy);
        writer.WriteByte(Version);
        writer.WriteBytes(salt);
        writer.WriteBytes(nonce);
        writer.WriteBytes(account.PublicKey.Span);
        byte[] associatedData = AssociatedData(userId, writer.WrittenSpan);
        using var cipherKey = new StackSecret(stackalloc byte[AesGcm256.KeySize]);
        Hkdf.DeriveKey(recoveryKey, salt, Label, cipherKey.Span);
        using SecretScope secret = account.Use();
        AesGcm256.Seal(cipherKey.Span, nonce, secret.Span, associatedData, writer.Next(secret.Span.Length + AesGcm256.TagSize));
        writer.ExpectFull();
        return copy;
    }

    public static Ed25519KeyPair Open(ReadOnlySpan<byte> recoveryKey, ReadOnlySpan<byte> copy, string userId)
    {
        var reader = new SpanReader(copy);
        reader.ExpectVersion(Version);
        ReadOnlySpan<byte> salt = reader.ReadBytes(SaltSize);
        ReadOnlySpan<byte> nonce = reader.ReadBytes(AesGcm256.NonceSize);
        ReadOnlySpan<byte> publicKey = reader.ReadBytes(Ed25519PublicKey.KeySize);
        byte[] associatedData = AssociatedData(userId, copy[..(copy.Length - reader.Remaining)]);
        ReadOnlySpan<byte> sealedKey = reader.ReadBytes(Ed25519KeyPair.PrivateKeySize + AesGcm256.TagSize);
        reader.ExpectEnd();
        using var cipherKey = new StackSecret(stackalloc byte[AesGcm256.KeySize]);
        using var privateKey = new StackSecret(stackalloc byte[Ed25519KeyPair.PrivateKeySize]);
        Hkdf.DeriveKey(recoveryKey, salt, Label, cipherKey.Span);
        if (!AesGcm256.TryOpen(cipherKey.Span, nonce, sealedKey, associatedData, privateKey.Span))
        {
            throw new E2EException(E2EError.NotAuthentic);
        }

        Ed25519KeyPair account = Ed25519KeyPair.Import(privateKey.Span);
        if (!PublicBytes.Equal(account.PublicKey.Span, publicKey))
        {
            account.Dispose();
            throw new E2EException(E2EError.NotAuthentic);
        }

        return account;
    }

    /// <summary>The user, and everything in front of the ciphertext.</summary>
    private static byte[] AssociatedData(string userId, ReadOnlySpan<byte> header) =>
        LabelledContent.Of(StrictUtf8.Instance.GetBytes(userId), header);
}
