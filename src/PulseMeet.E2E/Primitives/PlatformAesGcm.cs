using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>AES-256-GCM by System.Security.Cryptography; the faster one for long input. Not there on browser-wasm.</summary>
internal sealed class PlatformAesGcm : IAeadBackend
{
    public static PlatformAesGcm Instance { get; } = new();

    [UnsupportedOSPlatformGuard("browser")]
    public static bool IsSupported { get; } = !OperatingSystem.IsBrowser() && AesGcm.IsSupported;

    public void Seal(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> plaintext,
        ReadOnlySpan<byte> associatedData,
        Span<byte> sealedBytes)
    {
        if (!IsSupported)
        {
            throw new PlatformNotSupportedException();
        }

        using var aes = new AesGcm(key, AesGcm256.TagSize);
        aes.Encrypt(
            nonce, plaintext, sealedBytes[..plaintext.Length], sealedBytes[plaintext.Length..], associatedData);
    }

    public bool TryOpen(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> sealedBytes,
        ReadOnlySpan<byte> associatedData,
        Span<byte> plaintext)
    {
        if (!IsSupported)
        {
            throw new PlatformNotSupportedException();
        }

        using var aes = new AesGcm(key, AesGcm256.TagSize);
        try
        {
            aes.Decrypt(
                nonce, sealedBytes[..plaintext.Length], sealedBytes[plaintext.Length..], plaintext, associatedData);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            plaintext.Clear();
            return false;
        }
    }
}
