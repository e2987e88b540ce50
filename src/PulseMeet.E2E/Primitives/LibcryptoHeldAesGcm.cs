using static PulseMeet.E2E.Primitives.Libcrypto;

namespace PulseMeet.E2E.Primitives;

/// <summary>An AES-256-GCM key in a context of libcrypto's, which expands it once: a short record costs half of what it does with a fresh
/// context.</summary>
/// <remarks>The key is in OpenSSL's memory, and zeroed when the context is freed: on disposal, or where that is forgotten by the collector.</remarks>
internal sealed class LibcryptoHeldAesGcm : IHeldAesGcm
{
    private nint _context;

    /// <param name="key">32 bytes; copied.</param>
    public LibcryptoHeldAesGcm(ReadOnlySpan<byte> key)
    {
        _context = Require(NewCipher());
        try
        {
            Span<byte> none = stackalloc byte[AesGcm256.NonceSize];
            none.Clear();
            LibcryptoAesGcm.Begin(_context, LibcryptoAesGcm.CipherOf(key), key, none, encrypts: true);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    ~LibcryptoHeldAesGcm() => FreeCipher(_context);

    public void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData, Span<byte> sealedBytes)
    {
        Begin(nonce, encrypts: true);
        LibcryptoAesGcm.Seal(_context, plaintext, associatedData, sealedBytes);
        GC.KeepAlive(this);
    }

    public bool TryOpen(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> associatedData, Span<byte> plaintext)
    {
        Begin(nonce, encrypts: false);
        bool isAuthentic = LibcryptoAesGcm.TryOpen(_context, sealedBytes, associatedData, plaintext);
        GC.KeepAlive(this);
        return isAuthentic;
    }

    public void Dispose()
    {
        FreeCipher(_context);
        _context = 0;
        GC.SuppressFinalize(this);
    }

    private void Begin(ReadOnlySpan<byte> nonce, bool encrypts)
    {
        ObjectDisposedException.ThrowIf(_context == 0, this);
        LibcryptoAesGcm.Begin(_context, 0, default, nonce, encrypts);
    }
}
