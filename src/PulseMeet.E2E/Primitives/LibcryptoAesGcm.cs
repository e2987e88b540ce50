using static PulseMeet.E2E.Primitives.Libcrypto;

namespace PulseMeet.E2E.Primitives;

/// <summary>AES-256-GCM and AES-128-GCM by libcrypto (EVP_CIPHER-AES): the fastest at every length, and without allocations.</summary>
/// <remarks>The key schedule is in OpenSSL's memory, and zeroed when the context is freed.</remarks>
internal sealed unsafe class LibcryptoAesGcm : IAeadBackend
{
    /// <summary>EVP_CTRL_AEAD_GET_TAG and EVP_CTRL_AEAD_SET_TAG (evp.h).</summary>
    private const int GetTag = 0x10;
    private const int SetTag = 0x11;

    private static readonly nint s_cipher256 = IsUsable ? FetchCipher(Context, "AES-256-GCM", 0) : 0;
    private static readonly nint s_cipher128 = IsUsable ? FetchCipher(Context, "AES-128-GCM", 0) : 0;

    public static LibcryptoAesGcm Instance { get; } = new();

    public static bool IsSupported { get; } = Backends.Passes(
        () => s_cipher256 != 0, () => s_cipher128 != 0, () => KnownAnswers.AesGcmSealing(Instance));

    public void Seal(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> plaintext,
        ReadOnlySpan<byte> associatedData,
        Span<byte> sealedBytes)
    {
        nint context = Require(NewCipher());
        try
        {
            Begin(context, CipherOf(key), key, nonce, encrypts: true);
            Seal(context, plaintext, associatedData, sealedBytes);
        }
        finally
        {
            FreeCipher(context);
        }
    }

    public bool TryOpen(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> sealedBytes,
        ReadOnlySpan<byte> associatedData,
        Span<byte> plaintext)
    {
        nint context = Require(NewCipher());
        try
        {
            Begin(context, CipherOf(key), key, nonce, encrypts: false);
            return TryOpen(context, sealedBytes, associatedData, plaintext);
        }
        finally
        {
            FreeCipher(context);
        }
    }

    internal static nint CipherOf(ReadOnlySpan<byte> key) => key.Length == AesGcm256.KeySize ? s_cipher256 : s_cipher128;

    /// <param name="context">The context.</param>
    /// <param name="cipher">The cipher; zero for the one that the context has.</param>
    /// <param name="key">The key; empty for the one that the context has.</param>
    /// <param name="nonce">12 bytes.</param>
    /// <param name="encrypts">Which way.</param>
    internal static void Begin(nint context, nint cipher, ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, bool encrypts)
    {
        fixed (byte* secret = key)
        fixed (byte* once = nonce)
        {
            Require(BeginCipher(context, cipher, secret, once, encrypts ? 1 : 0, null));
        }
    }

    /// <summary>With a context that has begun.</summary>
    internal static void Seal(nint context, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData, Span<byte> sealedBytes)
    {
        fixed (byte* associated = associatedData)
        fixed (byte* input = plaintext)
        fixed (byte* output = sealedBytes)
        {
            int written;
            Update(context, null, associated, associatedData.Length);
            Update(context, output, input, plaintext.Length);
            Require(EndCipher(context, output + plaintext.Length, &written));
            Require(ControlCipher(context, GetTag, AesGcm256.TagSize, output + plaintext.Length));
        }
    }

    /// <inheritdoc cref="Seal(nint, ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte})"/>
    internal static bool TryOpen(nint context, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> associatedData, Span<byte> plaintext)
    {
        try
        {
            byte none = 0;
            fixed (byte* associated = associatedData)
            fixed (byte* input = sealedBytes)
            fixed (byte* output = plaintext)
            {
                int written;
                Update(context, null, associated, associatedData.Length);
                Update(context, output, input, plaintext.Length);
                Require(ControlCipher(context, SetTag, AesGcm256.TagSize, input + plaintext.Length));
                if (EndCipher(context, output is null ? &none : output + plaintext.Length, &written) > 0)
                {
                    return true;
                }
            }

            ClearErrors();
            plaintext.Clear();
            return false;
        }
        catch
        {
            plaintext.Clear();
            throw;
        }
    }

    private static void Update(nint context, byte* output, byte* input, int length)
    {
        if (length == 0)
        {
            return;
        }

        int written;
        Require(length <= Short
            ? UpdateCipherShortly(context, output, &written, input, length)
            : UpdateCipher(context, output, &written, input, length));
    }
}
