using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>One AES-256-GCM key that seals or opens many segments: the platform expands it once, and a segment allocates
/// nothing.</summary>
/// <remarks>Not thread-safe: the platform keeps one cipher context for each key. Where the platform has no AES-GCM, the
/// managed backend takes its place, which does allocate.</remarks>
internal sealed class AesGcm256Key : IDisposable
{
    private readonly SecretBytes? _managed;

    [UnsupportedOSPlatform("browser")]
    private readonly AesGcm? _platform;

    /// <param name="key">32 bytes; copied.</param>
    public AesGcm256Key(ReadOnlySpan<byte> key)
        : this(key, PlatformAesGcm.IsSupported)
    {
    }

    internal AesGcm256Key(ReadOnlySpan<byte> key, bool usePlatform)
    {
        Argument.HasLength(key, AesGcm256.KeySize);
        if (usePlatform && PlatformAesGcm.IsSupported)
        {
            _platform = new AesGcm(key, AesGcm256.TagSize);
        }
        else
        {
            _managed = SecretBytes.CopyOf(key);
        }
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
        if (PlatformAesGcm.IsSupported && _platform is not null)
        {
            _platform.Encrypt(
                nonce, plaintext, sealedBytes[..plaintext.Length], sealedBytes[plaintext.Length..], associatedData);
            return;
        }

        using SecretScope key = _managed!.Use();
        ManagedAesGcm.Instance.Seal(key.Span, nonce, plaintext, associatedData, sealedBytes);
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
        if (!PlatformAesGcm.IsSupported || _platform is null)
        {
            using SecretScope key = _managed!.Use();
            return ManagedAesGcm.Instance.TryOpen(key.Span, nonce, sealedBytes, associatedData, plaintext);
        }

        try
        {
            _platform.Decrypt(
                nonce, sealedBytes[..plaintext.Length], sealedBytes[plaintext.Length..], plaintext, associatedData);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            plaintext.Clear();
            return false;
        }
    }

    public void Dispose()
    {
        if (PlatformAesGcm.IsSupported)
        {
            _platform?.Dispose();
        }

        _managed?.Dispose();
    }
}
