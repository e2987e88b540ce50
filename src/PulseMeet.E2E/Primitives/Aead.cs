namespace PulseMeet.E2E.Primitives;

/// <summary>AES-128-GCM or AES-256-GCM (NIST SP 800-38D; RFC 5116, sections 5.1 and 5.2): what a cipher suite names as
/// its AEAD.</summary>
/// <remarks>Thread-safe. The backend is picked by length, as in <see cref="AesGcm256"/>; each takes both key sizes.</remarks>
internal sealed class Aead
{
    /// <summary>Length of a nonce, in bytes.</summary>
    public const int NonceSize = AesGcm256.NonceSize;

    /// <summary>Length of a tag, in bytes.</summary>
    public const int TagSize = AesGcm256.TagSize;

    private Aead(int keySize, ushort hpkeAead)
    {
        KeySize = keySize;
        HpkeAead = hpkeAead;
    }

    public static Aead Aes128Gcm { get; } = new(16, 1);

    public static Aead Aes256Gcm { get; } = new(AesGcm256.KeySize, 2);

    /// <summary>Length of a key, in bytes.</summary>
    public int KeySize { get; }

    /// <summary>The number in HPKE's registry (RFC 9180, section 7.3).</summary>
    public ushort HpkeAead { get; }

    /// <param name="key"><see cref="KeySize"/> bytes.</param>
    /// <param name="nonce">12 bytes, never used with this key before.</param>
    /// <param name="plaintext">Any length; does not overlap <paramref name="sealedBytes"/>.</param>
    /// <param name="associatedData">Authenticated, not encrypted.</param>
    /// <param name="sealedBytes">The ciphertext and then the tag: 16 bytes longer than the plaintext.</param>
    public void Seal(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> plaintext,
        ReadOnlySpan<byte> associatedData,
        Span<byte> sealedBytes)
    {
        Argument.HasLength(key, KeySize);
        Argument.HasLength(nonce, NonceSize);
        Argument.HasLength(sealedBytes, plaintext.Length + TagSize);
        AesGcm256.BackendFor(plaintext.Length).Seal(key, nonce, plaintext, associatedData, sealedBytes);
    }

    /// <param name="key"><see cref="KeySize"/> bytes.</param>
    /// <param name="nonce">12 bytes.</param>
    /// <param name="sealedBytes">The ciphertext and then the tag. Input from outside: too short is not authentic.</param>
    /// <param name="associatedData">As it was sealed.</param>
    /// <param name="plaintext">16 bytes shorter than <paramref name="sealedBytes"/>; zeroed where the tag does not verify.</param>
    /// <returns>Whether the tag verified.</returns>
    public bool TryOpen(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> sealedBytes,
        ReadOnlySpan<byte> associatedData,
        Span<byte> plaintext)
    {
        Argument.HasLength(key, KeySize);
        Argument.HasLength(nonce, NonceSize);
        if (sealedBytes.Length < TagSize)
        {
            return false;
        }

        Argument.HasLength(plaintext, sealedBytes.Length - TagSize);
        return AesGcm256.BackendFor(plaintext.Length).TryOpen(key, nonce, sealedBytes, associatedData, plaintext);
    }
}
