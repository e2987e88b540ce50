using System.Buffers.Binary;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>Nonces of a file whose sealing has to give the same bytes once more, after its upload was interrupted.</summary>
/// <remarks>
/// docs/protocol-media.md, "Resuming an upload": the first 12 bytes of HMAC-SHA-256(key, u64(position) || final (1) || SHA-256(plaintext)),
/// under 32 random bytes that are this file's alone. To whoever does not have the key they are as random as drawn ones; another content at
/// the same position gets another nonce, so that a file that has changed meanwhile repeats none; and where it is known what the file held, nothing
/// else is sealed at all. Owns the key. Thread-safe.
/// </remarks>
/// <param name="key">32 bytes; copied, so that the caller zeroes its own.</param>
/// <param name="contents">What the file held when it was begun; null where that is not known.</param>
internal sealed class SegmentNonces(ReadOnlySpan<byte> key, SegmentContents? contents = null) : IDisposable
{
    /// <summary>Length of the key, in bytes.</summary>
    public const int KeySize = 32;

    private readonly SecretBytes _key = SecretBytes.CopyOf(key);

    /// <param name="plaintext">The segment's.</param>
    /// <param name="position">Counts from 0.</param>
    /// <param name="isFinal">Whether the file ends here.</param>
    /// <param name="nonce">12 bytes, written.</param>
    /// <exception cref="E2EException">The file held something else there when it was begun (<see cref="E2EError.ContentChanged"/>).</exception>
    public void Write(ReadOnlySpan<byte> plaintext, long position, bool isFinal, Span<byte> nonce)
    {
        Span<byte> input = stackalloc byte[sizeof(long) + 1 + Sha256.Size];
        BinaryPrimitives.WriteInt64BigEndian(input, position);
        input[sizeof(long)] = isFinal ? (byte)1 : (byte)0;
        Span<byte> hash = input[(sizeof(long) + 1)..];
        Sha256.Hash(plaintext, hash);
        contents?.Expect(position, isFinal, hash);
        Span<byte> mac = stackalloc byte[Hmac.Size];
        using SecretScope secret = _key.Use();
        Hmac.Sha256(secret.Span, input, mac);
        mac[..AesGcm256.NonceSize].CopyTo(nonce);
    }

    public void Dispose() => _key.Dispose();
}
