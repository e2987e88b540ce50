using System.Buffers.Binary;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Storage;

/// <summary>The form in which everything lies in the store; <see cref="BatchSeal"/> writes it.</summary>
/// <remarks>
/// docs/protocol-storage.md, "Sealed record": <c>2 || revision (8) || salt (16) || nonce's number (4) || sealed body</c>. The cipher key
/// follows from the salt, and the name is authenticated, so that a salt names one write of one record: whoever keeps it in an authentic
/// place lets no other write open in its stead. Version 1, with a salt and a key for each record, is read too.
/// </remarks>
internal static class RecordSeal
{
    /// <summary>Length of a salt, in bytes.</summary>
    public const int SaltSize = 16;

    /// <summary>What stands before the sealed body, in bytes.</summary>
    public const int PrefixSize = FirstPrefixSize + 4;

    /// <summary>The longest associated data, in bytes: with the name of a record that has the longest key.</summary>
    public const int MaxAssociatedData = 9 + 1 + 1 + StoreLimits.MaxKeySize;

    private const byte Version = 2;
    private const byte FirstVersion = 1;
    private const int FirstPrefixSize = 1 + 8 + SaltSize;

    /// <summary>The label of what is sealed under the root key.</summary>
    public static ReadOnlySpan<byte> BatchLabel => "PulseMeet-E2E v2 store batch"u8;

    /// <summary>The label of the root key, sealed under the master key.</summary>
    public static ReadOnlySpan<byte> KeyLabel => "PulseMeet-E2E v2 store root key"u8;

    public static int GetSealedLength(int plaintextLength, PaddingScheme padding) =>
        PrefixSize + SealedBody.GetSealedLength(plaintextLength, padding);

    /// <returns>The plaintext, or null where the bytes are another write's, another record's, or nobody's.</returns>
    /// <param name="key">32 bytes.</param>
    /// <param name="kind">As it was sealed.</param>
    /// <param name="name">As it was sealed.</param>
    /// <param name="salt">The salt that names the write; empty where this is the record that all others hang on.</param>
    /// <param name="sealedRecord">Input from outside.</param>
    public static byte[]? Open(
        ReadOnlySpan<byte> key, RecordKind kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> sealedRecord)
    {
        int prefixSize = sealedRecord.IsEmpty ? 0 : PrefixSizeOf(sealedRecord[0]);
        if (prefixSize == 0
            || sealedRecord.Length <= prefixSize + AesGcm256.TagSize
            || sealedRecord.Length > StoreLimits.MaxValueSize
            || (!salt.IsEmpty && !PublicBytes.Equal(salt, GetSalt(sealedRecord))))
        {
            return null;
        }

        ReadOnlySpan<byte> prefix = sealedRecord[..prefixSize];
        ReadOnlySpan<byte> label = kind == RecordKind.RootKey ? KeyLabel : BatchLabel;
        Span<byte> nonce = stackalloc byte[AesGcm256.NonceSize];
        Span<byte> associatedData = stackalloc byte[MaxAssociatedData];
        int length;
        if (prefix[0] == FirstVersion)
        {
            label = FirstLabelOf(kind);
            GetSalt(prefix)[..AesGcm256.NonceSize].CopyTo(nonce);
            length = WriteFirstAssociatedData(prefix, name, associatedData);
        }
        else
        {
            WriteNonce(prefix, nonce);
            length = WriteAssociatedData(prefix, kind, name, associatedData);
        }

        return SealedBody.Open(key, GetSalt(prefix), nonce, label, sealedRecord[prefixSize..], associatedData[..length]);
    }

    public static ReadOnlySpan<byte> GetSalt(ReadOnlySpan<byte> sealedRecord) => sealedRecord[9..FirstPrefixSize];

    public static long GetRevision(ReadOnlySpan<byte> sealedRecord) => BinaryPrimitives.ReadInt64BigEndian(sealedRecord[1..]);

    public static void WritePrefix(Span<byte> prefix, long revision, ReadOnlySpan<byte> salt, uint number)
    {
        prefix[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(prefix[1..], revision);
        salt.CopyTo(prefix[9..]);
        BinaryPrimitives.WriteUInt32BigEndian(prefix[FirstPrefixSize..], number);
    }

    /// <summary>Eight zero bytes, then the number.</summary>
    public static void WriteNonce(ReadOnlySpan<byte> prefix, Span<byte> nonce)
    {
        nonce.Clear();
        prefix[FirstPrefixSize..PrefixSize].CopyTo(nonce[8..]);
    }

    /// <summary>Version, revision, kind and name. The name comes last, so that no two names, kinds and revisions encode alike.</summary>
    /// <returns>The length.</returns>
    public static int WriteAssociatedData(ReadOnlySpan<byte> prefix, RecordKind kind, ReadOnlySpan<byte> name, Span<byte> data)
    {
        prefix[..9].CopyTo(data);
        data[9] = (byte)kind;
        name.CopyTo(data[10..]);
        return 10 + name.Length;
    }

    private static int PrefixSizeOf(byte version) => version switch
    {
        Version => PrefixSize,
        FirstVersion => FirstPrefixSize,
        _ => 0,
    };

    private static int WriteFirstAssociatedData(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> name, Span<byte> data)
    {
        prefix[..9].CopyTo(data);
        name.CopyTo(data[9..]);
        return 9 + name.Length;
    }

    private static ReadOnlySpan<byte> FirstLabelOf(RecordKind kind) => kind switch
    {
        RecordKind.Record => "PulseMeet-E2E v1 store record"u8,
        RecordKind.Node => "PulseMeet-E2E v1 store node"u8,
        RecordKind.Head => "PulseMeet-E2E v1 store head"u8,
        _ => "PulseMeet-E2E v1 store root key"u8,
    };
}
