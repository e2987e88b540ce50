namespace PulseMeet.E2E.Primitives;

/// <summary>One AES-256-GCM key that seals or opens many times: it is expanded once, and nothing is allocated.</summary>
/// <remarks>By libcrypto where .NET has it; else by the platform, or where that has no AES-GCM by BouncyCastle, which does allocate. Not
/// thread-safe: there is one cipher context for each key.</remarks>
internal sealed class AesGcm256Key : IDisposable
{
    private readonly IHeldAesGcm _held;

    /// <summary>For segments of a file.</summary>
    /// <param name="key">32 bytes; copied.</param>
    public AesGcm256Key(ReadOnlySpan<byte> key)
        : this(key, PlatformAesGcm.IsSupported, usesLibcrypto: Backends.UsesLibcrypto)
    {
    }

    internal AesGcm256Key(ReadOnlySpan<byte> key, bool usePlatform, bool usesLibcrypto = false)
    {
        Argument.HasLength(key, AesGcm256.KeySize);
        _held = usesLibcrypto && LibcryptoAesGcm.IsSupported ? new LibcryptoHeldAesGcm(key)
            : usePlatform && PlatformAesGcm.IsSupported ? new PlatformHeldAesGcm(key)
            : new HeldKeyAesGcm(key, _ => ManagedAesGcm.Instance);
    }

    private AesGcm256Key(IHeldAesGcm held) => _held = held;

    /// <summary>For what is short: where libcrypto is not called directly, the platform's object for a key costs more than it saves.</summary>
    /// <param name="key">32 bytes; copied.</param>
    public static AesGcm256Key ForRecords(ReadOnlySpan<byte> key)
    {
        Argument.HasLength(key, AesGcm256.KeySize);
        return new(Backends.UsesLibcrypto && LibcryptoAesGcm.IsSupported
            ? new LibcryptoHeldAesGcm(key)
            : new HeldKeyAesGcm(key, AesGcm256.OtherBackendFor));
    }

    /// <param name="nonce">12 bytes, never used with this key before.</param>
    /// <param name="plaintext">Any length; does not overlap <paramref name="sealedBytes"/>.</param>
    /// <param name="associatedData">Authenticated, not encrypted.</param>
    /// <param name="sealedBytes">The ciphertext and then the tag: 16 bytes longer than the plaintext.</param>
    public void Seal(
        ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData, Span<byte> sealedBytes)
    {
        Argument.HasLength(nonce, AesGcm256.NonceSize);
        Argument.HasLength(sealedBytes, plaintext.Length + AesGcm256.TagSize);
        _held.Seal(nonce, plaintext, associatedData, sealedBytes);
    }

    /// <param name="nonce">12 bytes.</param>
    /// <param name="sealedBytes">The ciphertext and then the tag: at least 16 bytes.</param>
    /// <param name="associatedData">As it was sealed.</param>
    /// <param name="plaintext">16 bytes shorter than <paramref name="sealedBytes"/>; zeroed where the tag does not verify.</param>
    /// <returns>Whether the tag verified.</returns>
    public bool TryOpen(
        ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> associatedData, Span<byte> plaintext)
    {
        Argument.HasLength(nonce, AesGcm256.NonceSize);
        Argument.HasLength(sealedBytes, plaintext.Length + AesGcm256.TagSize);
        return _held.TryOpen(nonce, sealedBytes, associatedData, plaintext);
    }

    public void Dispose() => _held.Dispose();
}
