using System.Buffers.Binary;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Storage;

/// <summary>The form in which everything lies in the store: sealed under a cipher key of its own at every write.</summary>
/// <remarks>
/// docs/protocol-storage.md, "Sealed record": <c>1 || revision (8) || salt (16) || sealed body</c>. The cipher key is
/// HKDF-SHA-256(ikm = root key, salt, info = label). Since the salt is random and the key follows from it, a salt names one
/// write of one record: whoever keeps it in an authentic place lets no other write open in its stead.
/// </remarks>
internal static class RecordSeal
{
    /// <summary>Length of a salt, in bytes.</summary>
    public const int SaltSize = 16;

    private const byte Version = 1;
    private const int PrefixSize = 1 + 8 + SaltSize;

    public static ReadOnlySpan<byte> RecordLabel => "PulseMeet-E2E v1 store record"u8;

    public static ReadOnlySpan<byte> NodeLabel => "PulseMeet-E2E v1 store node"u8;

    public static ReadOnlySpan<byte> HeadLabel => "PulseMeet-E2E v1 store head"u8;

    public static ReadOnlySpan<byte> KeyLabel => "PulseMeet-E2E v1 store root key"u8;

    public static int GetSealedLength(int plaintextLength, PaddingScheme padding) =>
        PrefixSize + SealedBody.GetSealedLength(plaintextLength, padding);

    /// <param name="key">32 bytes.</param>
    /// <param name="label">What kind of record this is.</param>
    /// <param name="name">Which record it is; authenticated.</param>
    /// <param name="revision">The store's revision after the write; authenticated.</param>
    /// <param name="plaintext">Any bytes.</param>
    /// <param name="padding">How much of the length may show.</param>
    /// <param name="salt">The salt: 16 bytes, random but in test vectors.</param>
    public static byte[] Seal(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> name,
        long revision,
        ReadOnlySpan<byte> plaintext,
        PaddingScheme padding,
        ReadOnlySpan<byte> salt)
    {
        byte[] result = new byte[GetSealedLength(plaintext.Length, padding)];
        result[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(result.AsSpan(1), revision);
        salt.CopyTo(result.AsSpan(9, SaltSize));
        SealedBody.Seal(
            key, salt, salt[..AesGcm256.NonceSize], label, plaintext, AssociatedData(result, name), result.AsSpan(PrefixSize));
        return result;
    }

    /// <returns>The plaintext, or null where the bytes are another write's, another record's, or nobody's.</returns>
    /// <param name="key">32 bytes.</param>
    /// <param name="label">As it was sealed.</param>
    /// <param name="name">As it was sealed.</param>
    /// <param name="salt">The salt that names the write; empty where this is the record that all others hang on.</param>
    /// <param name="sealedRecord">Input from outside.</param>
    public static byte[]? Open(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> salt,
        ReadOnlySpan<byte> sealedRecord)
    {
        if (sealedRecord.Length <= PrefixSize + AesGcm256.TagSize
            || sealedRecord.Length > StoreLimits.MaxValueSize
            || sealedRecord[0] != Version
            || (!salt.IsEmpty && !PublicBytes.Equal(salt, GetSalt(sealedRecord))))
        {
            return null;
        }

        ReadOnlySpan<byte> own = GetSalt(sealedRecord);
        return SealedBody.Open(
            key, own, own[..AesGcm256.NonceSize], label, sealedRecord[PrefixSize..], AssociatedData(sealedRecord, name));
    }

    public static ReadOnlySpan<byte> GetSalt(ReadOnlySpan<byte> sealedRecord) => sealedRecord[9..PrefixSize];

    public static long GetRevision(ReadOnlySpan<byte> sealedRecord) => BinaryPrimitives.ReadInt64BigEndian(sealedRecord[1..]);

    /// <summary>Version, revision and name. The name comes last, so that no two names and revisions encode alike.</summary>
    private static byte[] AssociatedData(ReadOnlySpan<byte> sealedRecord, ReadOnlySpan<byte> name)
    {
        byte[] data = new byte[9 + name.Length];
        sealedRecord[..9].CopyTo(data);
        name.CopyTo(data.AsSpan(9));
        return data;
    }
}
