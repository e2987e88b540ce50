using static PulseMeet.E2E.Primitives.Libcrypto;

namespace PulseMeet.E2E.Primitives;

/// <summary>HMAC by libcrypto (EVP_MAC-HMAC), and HKDF over it (RFC 5869).</summary>
/// <remarks>A context that knows the hash and no key is copied for each code: that is what makes it cheap, and the copy is freed, and so
/// zeroed, with it.</remarks>
internal sealed unsafe class LibcryptoHmac : IHmacBackend
{
    private readonly nint _template;
    private readonly int _size;

    private LibcryptoHmac(ReadOnlySpan<byte> hash, int size)
    {
        _template = IsUsable ? Create("HMAC", hash) : 0;
        _size = size;
    }

    /// <summary>HMAC-SHA-256.</summary>
    public static LibcryptoHmac Instance { get; } = new("SHA256"u8, 32);

    public static LibcryptoHmac Sha384 { get; } = new("SHA384"u8, 48);

    public static LibcryptoHmac Sha512 { get; } = new("SHA512"u8, 64);

    public static bool IsSupported { get; } = Backends.Passes(
        () => Instance._template != 0,
        () => Sha384._template != 0,
        () => Sha512._template != 0,
        () => KnownAnswers.HmacCode(Instance),
        () => KnownAnswers.HkdfExpansion(Instance),
        () => KnownAnswers.LongerHmacCodes(Sha384, Sha512));

    public void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac) => Mac(key, data, default, default, mac);

    public IKeyedHmac Keyed(ReadOnlySpan<byte> key) => new LibcryptoKeyedHmac(_template, key);

    /// <summary>RFC 5869, section 2.2.</summary>
    public void Extract(ReadOnlySpan<byte> ikm, ReadOnlySpan<byte> salt, Span<byte> prk) => Mac(salt, ikm, prk);

    /// <summary>RFC 5869, section 2.3: T(n) = HMAC(PRK, T(n - 1) || info || n).</summary>
    public void Expand(ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info, Span<byte> okm)
    {
        if (okm.Length > 255 * _size)
        {
            throw new ArgumentException("More than 255 blocks.", nameof(okm));
        }

        using var last = new StackSecret(stackalloc byte[_size]);
        int before = 0;
        for (byte n = 1; !okm.IsEmpty; n++)
        {
            Mac(prk, last.Span[..before], info, [n], last.Span);
            int length = Math.Min(okm.Length, _size);
            last.Span[..length].CopyTo(okm);
            okm = okm[length..];
            before = _size;
        }
    }

    private void Mac(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, Span<byte> mac)
    {
        nint context = Require(CopyMac(_template));
        try
        {
            byte none = 0;
            fixed (byte* bytes = key)
            {
                // A null key would mean the one that is set already, which there is none of.
                byte* from = bytes is null ? &none : bytes;
                Require(key.Length <= Short
                    ? BeginMacShortly(context, from, (nuint)key.Length, null)
                    : BeginMac(context, from, (nuint)key.Length, null));
            }

            Update(context, first);
            Update(context, second);
            Update(context, third);
            nuint written;
            fixed (byte* code = mac)
            {
                Require(EndMac(context, code, &written, (nuint)mac.Length));
                Require(written == (nuint)_size ? 1 : 0);
            }
        }
        finally
        {
            FreeMac(context);
        }
    }

    internal static void Update(nint context, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
        {
            return;
        }

        fixed (byte* bytes = data)
        {
            Require(data.Length <= Short
                ? UpdateMacShortly(context, bytes, (nuint)data.Length)
                : UpdateMac(context, bytes, (nuint)data.Length));
        }
    }

    /// <returns>A context that knows its hash and no key; zero where the library has no such code or hash.</returns>
    internal static nint Create(string code, ReadOnlySpan<byte> name)
    {
        nint mac = FetchMac(Context, code, 0);
        nint context = mac == 0 ? 0 : NewMac(mac);
        if (context == 0)
        {
            ClearErrors();
            return 0;
        }

        fixed (byte* hash = name)
        {
            Parameter* parameters = stackalloc Parameter[] { new Parameter("digest"u8, Parameter.Utf8, hash, name.Length), default };
            if (SetMac(context, parameters) > 0)
            {
                return context;
            }
        }

        ClearErrors();
        FreeMac(context);
        return 0;
    }
}
