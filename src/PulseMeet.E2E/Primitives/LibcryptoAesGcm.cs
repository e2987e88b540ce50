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
        nint context = Begin(key, nonce, associatedData, encrypts: true);
        try
        {
            fixed (byte* input = plaintext)
            fixed (byte* output = sealedBytes)
            {
                int written;
                if (plaintext.Length > 0)
                {
                    Update(context, output, input, plaintext.Length);
                }

                Require(EndCipher(context, output + plaintext.Length, &written));
                Require(ControlCipher(context, GetTag, AesGcm256.TagSize, output + plaintext.Length));
            }
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
        nint context = Begin(key, nonce, associatedData, encrypts: false);
        try
        {
            byte none = 0;
            fixed (byte* input = sealedBytes)
            fixed (byte* output = plaintext)
            {
                int written;
                if (plaintext.Length > 0)
                {
                    Update(context, output, input, plaintext.Length);
                }

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
        finally
        {
            FreeCipher(context);
        }
    }

    private static nint Begin(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, bool encrypts)
    {
        nint context = Require(NewCipher());
        try
        {
            fixed (byte* secret = key)
            fixed (byte* once = nonce)
            fixed (byte* associated = associatedData)
            {
                nint cipher = key.Length == AesGcm256.KeySize ? s_cipher256 : s_cipher128;
                Require(BeginCipher(context, cipher, secret, once, encrypts ? 1 : 0, null));
                if (associatedData.Length > 0)
                {
                    Update(context, null, associated, associatedData.Length);
                }
            }

            return context;
        }
        catch
        {
            FreeCipher(context);
            throw;
        }
    }

    private static void Update(nint context, byte* output, byte* input, int length)
    {
        int written;
        Require(length <= Short
            ? UpdateCipherShortly(context, output, &written, input, length)
            : UpdateCipher(context, output, &written, input, length));
    }
}
