using static PulseMeet.E2E.Primitives.Libcrypto;

namespace PulseMeet.E2E.Primitives;

/// <summary>HMAC-SHA-256 under one key by libcrypto: a context that holds the key, and begins anew for each code, at a third of the price of
/// a code with a fresh key.</summary>
/// <remarks>EVP_MAC_init without a key keeps the one that is there. OpenSSL zeroes the context with its key when it is freed.</remarks>
internal sealed unsafe class LibcryptoKeyedHmac : IKeyedHmac
{
    private readonly Lock _lock = new();
    private nint _context;

    /// <param name="template">A context that knows its hash and no key. Not freed.</param>
    /// <param name="key">At least one byte, at most 1,024; copied.</param>
    public LibcryptoKeyedHmac(nint template, ReadOnlySpan<byte> key)
    {
        _context = Require(CopyMac(template));
        fixed (byte* bytes = key)
        {
            if (BeginMacShortly(_context, bytes, (nuint)key.Length, null) <= 0)
            {
                Dispose();
                throw Failure();
            }
        }
    }

    ~LibcryptoKeyedHmac() => Free();

    public void Mac(ReadOnlySpan<byte> data, Span<byte> mac)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_context == 0, this);
            Require(BeginMacShortly(_context, null, 0, null));
            LibcryptoHmac.Update(_context, data);
            nuint written;
            fixed (byte* code = mac)
            {
                Require(EndMac(_context, code, &written, (nuint)mac.Length));
                Require(written == Hmac.Size ? 1 : 0);
            }
        }

        // Else the context could be freed by the collector while it is read.
        GC.KeepAlive(this);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            Free();
        }

        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        FreeMac(_context);
        _context = 0;
    }
}
