namespace PulseMeet.E2E.Primitives;

/// <summary>AES-256-GCM (NIST SP 800-38D; RFC 5116, section 5.2) with the faster backend for the length at hand.</summary>
internal static class AesGcm256
{
    /// <summary>Length of a key, in bytes.</summary>
    public const int KeySize = 32;

    /// <summary>Length of a nonce, in bytes. No other length is accepted.</summary>
    public const int NonceSize = 12;

    /// <summary>Length of a tag, in bytes. Shorter tags are refused.</summary>
    public const int TagSize = 16;

    /// <summary>From this length on the platform's backend wins over BouncyCastle's; measured in benchmarks/README.md, "Backends".</summary>
    internal const int PlatformFrom = 4096;

    /// <param name="key">32 bytes.</param>
    /// <param name="nonce">12 bytes, never used with this key before.</param>
    /// <param name="plaintext">Any length; does not overlap <paramref name="sealedBytes"/>.</param>
    /// <param name="associatedData">Authenticated, not encrypted.</param>
    /// <param name="sealedBytes">The ciphertext and then the tag: 16 bytes longer than the plaintext.</param>
    public static void Seal(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> plaintext,
        ReadOnlySpan<byte> associatedData,
        Span<byte> sealedBytes) =>
        Aead.Aes256Gcm.Seal(key, nonce, plaintext, associatedData, sealedBytes);

    /// <param name="key">32 bytes.</param>
    /// <param name="nonce">12 bytes.</param>
    /// <param name="sealedBytes">The ciphertext and then the tag. Input from outside: too short is not authentic.</param>
    /// <param name="associatedData">As it was sealed.</param>
    /// <param name="plaintext">16 bytes shorter than <paramref name="sealedBytes"/>; zeroed where the tag does not verify.</param>
    /// <returns>Whether the tag verified.</returns>
    public static bool TryOpen(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> sealedBytes,
        ReadOnlySpan<byte> associatedData,
        Span<byte> plaintext) =>
        Aead.Aes256Gcm.TryOpen(key, nonce, sealedBytes, associatedData, plaintext);

    internal static IAeadBackend BackendFor(int length) =>
        Backends.UsesLibcrypto && LibcryptoAesGcm.IsSupported ? LibcryptoAesGcm.Instance : OtherBackendFor(length);

    /// <summary>The backend where libcrypto is not called directly.</summary>
    internal static IAeadBackend OtherBackendFor(int length) =>
        PlatformAesGcm.IsSupported && (length >= PlatformFrom || !ManagedAesGcm.IsHardwareAccelerated)
            ? PlatformAesGcm.Instance
            : ManagedAesGcm.Instance;
}
