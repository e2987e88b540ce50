using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>A key in System.Security.Cryptography's AES-GCM, which expands it once.</summary>
[UnsupportedOSPlatform("browser")]
internal sealed class PlatformHeldAesGcm(ReadOnlySpan<byte> key) : IHeldAesGcm
{
    private readonly AesGcm _key = new(key, AesGcm256.TagSize);

    public void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData, Span<byte> sealedBytes) =>
        _key.Encrypt(nonce, plaintext, sealedBytes[..plaintext.Length], sealedBytes[plaintext.Length..], associatedData);

    public bool TryOpen(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> associatedData, Span<byte> plaintext)
    {
        try
        {
            _key.Decrypt(nonce, sealedBytes[..plaintext.Length], sealedBytes[plaintext.Length..], plaintext, associatedData);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            plaintext.Clear();
            return false;
        }
    }

    public void Dispose() => _key.Dispose();
}
