using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>The operating system's generator: keys straight from it, nonces through a small per-thread store.</summary>
/// <remarks>
/// One call to the platform's generator takes 2 to 3 µs whatever the length, more than sealing a short message; nonces are
/// public, so 16 of them are drawn at once and each is overwritten as it is handed out. Secrets never come from the store.
/// </remarks>
internal static class Randomness
{
    /// <summary>Length of a nonce, in bytes (NIST SP 800-38D, section 8.2.2: 96 random bits).</summary>
    public const int NonceSize = 12;

    private const int StoredNonces = 16;

    [ThreadStatic]
    private static byte[]? s_nonces;

    [ThreadStatic]
    private static int s_left;

    /// <summary>Fills a secret: always a fresh call to the operating system's generator.</summary>
    public static void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);

    /// <summary>Writes 12 random bytes that no other call was given.</summary>
    public static void NextNonce(Span<byte> nonce)
    {
        Argument.HasLength(nonce, NonceSize);
        byte[] nonces = s_nonces ??= new byte[NonceSize * StoredNonces];
        if (s_left == 0)
        {
            RandomNumberGenerator.Fill(nonces);
            s_left = StoredNonces;
        }

        Span<byte> next = nonces.AsSpan(--s_left * NonceSize, NonceSize);
        next.CopyTo(nonce);
        next.Clear();
    }
}
