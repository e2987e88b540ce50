using System.Buffers.Binary;
using System.Globalization;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Verification;

/// <summary>One account's half of a safety number: an iterated hash over its key and its stable id.</summary>
/// <remarks>Signal's numeric fingerprint: h = version (2 bytes) || key || id, then 5,200 times h = SHA-512(h || key); the digits
/// are six times five bytes, as a big-endian number modulo 100,000. The rounds make each try of somebody who looks for a key with a
/// given half 5,200 times as dear: about 2^112 hashes for 30 digits. docs/protocol-verification.md, "Fingerprint".</remarks>
internal static class NumericFingerprint
{
    public const int Iterations = 5200;

    /// <summary>Length of the digest, in bytes.</summary>
    public const int Size = 64;

    /// <summary>Digits of one half.</summary>
    public const int Digits = 30;

    /// <summary>This library's; bound into the first hash.</summary>
    public const ushort Version = 1;

    public static byte[] Of(AccountIdentity account) => Compute(Version, account.AccountKey.Span, account.EncodedId);

    /// <param name="version">Bound in, so that another version's numbers are unrelated.</param>
    /// <param name="key">Of a fixed length, so that nothing of it can pass for a part of the id.</param>
    /// <param name="stableId">What the user is known by.</param>
    public static byte[] Compute(ushort version, ReadOnlySpan<byte> key, ReadOnlySpan<byte> stableId)
    {
        byte[] first = new byte[2 + key.Length + stableId.Length + key.Length];
        BinaryPrimitives.WriteUInt16BigEndian(first, version);
        key.CopyTo(first.AsSpan(2));
        stableId.CopyTo(first.AsSpan(2 + key.Length));
        key.CopyTo(first.AsSpan(2 + key.Length + stableId.Length));
        byte[] digest = HashFunction.Sha512.Hash(first);

        Span<byte> round = stackalloc byte[Size + key.Length];
        key.CopyTo(round[Size..]);
        for (int i = 1; i < Iterations; i++)
        {
            digest.CopyTo(round);
            HashFunction.Sha512.Hash(round, digest);
        }

        return digest;
    }

    public static string ToDigits(ReadOnlySpan<byte> fingerprint)
    {
        Span<char> digits = stackalloc char[Digits];
        for (int i = 0; i < Digits / 5; i++)
        {
            ReadOnlySpan<byte> chunk = fingerprint.Slice(5 * i, 5);
            ulong value = ((ulong)chunk[0] << 32) | BinaryPrimitives.ReadUInt32BigEndian(chunk[1..]);
            _ = (value % 100_000).TryFormat(digits.Slice(5 * i, 5), out _, "D5", CultureInfo.InvariantCulture);
        }

        return new string(digits);
    }
}
