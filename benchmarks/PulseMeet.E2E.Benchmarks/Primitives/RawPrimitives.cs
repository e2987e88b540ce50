using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Benchmarks.Primitives;

/// <summary>The bare primitives that the library's operations are held against: nothing but the calls themselves.</summary>
internal static class RawPrimitives
{
    private static readonly byte[] s_key = Bytes(32);
    private static readonly byte[] s_nonce = Bytes(12);
    private static readonly byte[] s_info = Bytes(32);
    private static readonly byte[] s_output = new byte[32];

    public static byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        Randomness.Fill(bytes);
        return bytes;
    }

    public static void Hmac() => Backends.Hmac.Mac(s_key, s_info.AsSpan(0, 1), s_output);

    /// <summary>Extract and expand, with a 12-byte salt and a 32-byte info string, as sealing does.</summary>
    public static void Hkdf()
    {
        Span<byte> prk = stackalloc byte[32];
        Backends.Hmac.Extract(s_key, s_nonce, prk);
        Backends.Hmac.Expand(prk, s_info, s_output);
    }

    public static void SealAesGcm(byte[] plaintext, byte[] associatedData, byte[] sealedBytes) =>
        Backends.AesGcm(plaintext.Length).Seal(s_key, s_nonce, plaintext, associatedData, sealedBytes);

    public static void OpenAesGcm(byte[] sealedBytes, byte[] associatedData, byte[] plaintext)
    {
        if (!Backends.AesGcm(plaintext.Length).TryOpen(s_key, s_nonce, sealedBytes, associatedData, plaintext))
        {
            throw new InvalidOperationException("The baseline did not open what it sealed.");
        }
    }
}
