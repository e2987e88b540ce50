using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Sealing;

/// <summary>A sealed thing that stands alone: a version byte, 24 random bytes, the sealed body.</summary>
/// <remarks>The first 12 random bytes are the salt of the cipher key, the other 12 its nonce: 192 random bits in all, so that no number
/// of records under one key brings a key-nonce pair within reach of repeating.</remarks>
internal static class SealedRecord
{
    public const byte Version = 1;

    public const int HeaderSize = 1 + (2 * Randomness.NonceSize);

    public static int GetSealedLength(int plaintextLength, PaddingScheme padding) =>
        HeaderSize + SealedBody.GetSealedLength(plaintextLength, padding);

    /// <param name="key">32 bytes.</param>
    /// <param name="label">What kind of record this is.</param>
    /// <param name="plaintext">At most 16 MiB, which the caller has checked.</param>
    /// <param name="associatedData">Where it belongs.</param>
    /// <param name="padding">How it is lengthened.</param>
    public static byte[] Seal(
        SecretKey key,
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> plaintext,
        ReadOnlySpan<byte> associatedData,
        PaddingScheme padding)
    {
        byte[] record = new byte[GetSealedLength(plaintext.Length, padding)];
        record[0] = Version;
        Span<byte> salt = record.AsSpan(1, Randomness.NonceSize);
        Span<byte> nonce = record.AsSpan(1 + Randomness.NonceSize, Randomness.NonceSize);
        Randomness.NextNonce(salt);
        Randomness.NextNonce(nonce);
        using SecretScope secret = key.Use();
        SealedBody.Seal(secret.Span, salt, nonce, label, plaintext, associatedData, record.AsSpan(HeaderSize));
        return record;
    }

    /// <exception cref="E2EException">Too short or malformed (<see cref="E2EError.InvalidEncoding"/>), too long
    /// (<see cref="E2EError.LimitExceeded"/>), another version (<see cref="E2EError.UnsupportedVersion"/>), or changed, under
    /// another key or for another place (<see cref="E2EError.NotAuthentic"/>).</exception>
    public static byte[] Open(
        SecretKey key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> record, ReadOnlySpan<byte> associatedData)
    {
        var reader = new SpanReader(record);
        reader.ExpectVersion(Version);
        ReadOnlySpan<byte> salt = reader.ReadBytes(Randomness.NonceSize);
        ReadOnlySpan<byte> nonce = reader.ReadBytes(Randomness.NonceSize);
        ReadOnlySpan<byte> body = reader.ReadRest();
        using SecretScope secret = key.Use();
        return SealedBody.Open(secret.Span, salt, nonce, label, body, associatedData)
            ?? throw new E2EException(E2EError.NotAuthentic);
    }
}
