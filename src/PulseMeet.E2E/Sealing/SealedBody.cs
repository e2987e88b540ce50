using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Sealing;

/// <summary>The padded, sealed body that every message format of this library ends with.</summary>
/// <remarks>
/// AES-256-GCM under HKDF-SHA-256(ikm = key, salt = random bytes of the message, info = label). The salt makes the cipher
/// key itself fresh for every message, so that a key that is used twice after a restored backup repeats no key-nonce pair.
/// </remarks>
internal static class SealedBody
{
    /// <summary>The longest plaintext of one message, in bytes; what is longer belongs into media.</summary>
    public const int MaxPlaintext = 16 * 1024 * 1024;

    /// <summary>The longest sealed body: the longest plaintext under the widest padding, and the tag.</summary>
    public const int MaxSealed = MaxPlaintext + (MaxPlaintext / 8) + PaddingScheme.MaxBlockSize + AesGcm256.TagSize;

    /// <summary>Buffers up to this length stay on the stack, in bytes.</summary>
    private const int StackLimit = 1024;

    public static int GetSealedLength(int plaintextLength, PaddingScheme padding) =>
        padding.GetPaddedLength(plaintextLength) + AesGcm256.TagSize;

    /// <param name="key">32 bytes.</param>
    /// <param name="salt">Random, fresh for this message.</param>
    /// <param name="nonce">12 bytes; may be the salt itself.</param>
    /// <param name="label">What kind of message this is; a body never opens as another kind.</param>
    /// <param name="plaintext">At most 16 MiB, which the caller has checked.</param>
    /// <param name="associatedData">Authenticated, not encrypted.</param>
    /// <param name="sealedBody">As long as <see cref="GetSealedLength"/> says.</param>
    public static void Seal(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> salt,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> plaintext,
        ReadOnlySpan<byte> associatedData,
        Span<byte> sealedBody)
    {
        using var padded = new ScratchSecret(stackalloc byte[StackLimit], sealedBody.Length - AesGcm256.TagSize);
        using var cipherKey = new StackSecret(stackalloc byte[AesGcm256.KeySize]);
        Padding.Write(plaintext, padded.Span);
        Hkdf.DeriveKey(key, salt, label, cipherKey.Span);
        AesGcm256.Seal(cipherKey.Span, nonce, padded.Span, associatedData, sealedBody);
    }

    /// <returns>The plaintext, or null where the body is not authentic.</returns>
    /// <param name="key">32 bytes.</param>
    /// <param name="salt">As it was sealed.</param>
    /// <param name="nonce">12 bytes.</param>
    /// <param name="label">As it was sealed.</param>
    /// <param name="sealedBody">Input from outside, any length.</param>
    /// <param name="associatedData">As it was sealed.</param>
    /// <exception cref="E2EException">Too short (<see cref="E2EError.InvalidEncoding"/>) or too long
    /// (<see cref="E2EError.LimitExceeded"/>), before any work on it.</exception>
    public static byte[]? Open(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> salt,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> sealedBody,
        ReadOnlySpan<byte> associatedData)
    {
        CheckLength(sealedBody);
        using var padded = new ScratchSecret(stackalloc byte[StackLimit], sealedBody.Length - AesGcm256.TagSize);
        using var cipherKey = new StackSecret(stackalloc byte[AesGcm256.KeySize]);
        Hkdf.DeriveKey(key, salt, label, cipherKey.Span);
        return AesGcm256.TryOpen(cipherKey.Span, nonce, sealedBody, associatedData, padded.Span)
            ? padded.Span[..Padding.FindContentLength(padded.Span)].ToArray()
            : null;
    }

    /// <exception cref="E2EException">Shorter than a marker and a tag (<see cref="E2EError.InvalidEncoding"/>), or longer
    /// than any sealed body (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static void CheckLength(ReadOnlySpan<byte> sealedBody)
    {
        if (sealedBody.Length <= AesGcm256.TagSize)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Too short.");
        }

        if (sealedBody.Length > MaxSealed)
        {
            throw new E2EException(E2EError.LimitExceeded, "The message is longer than its bound.");
        }
    }
}
