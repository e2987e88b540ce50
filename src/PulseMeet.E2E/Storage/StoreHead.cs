using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Storage;

/// <summary>What the store is now: its revision, the root of the tree over all records, and the wrapping of its root key.</summary>
/// <param name="Revision">Rises by one with every batch.</param>
/// <param name="Count">How many records there are.</param>
/// <param name="NextNode">The number of the next new node; numbers are never used again.</param>
/// <param name="RootNode">The number of the tree's root; 0 where there are no records.</param>
/// <param name="Levels">How many levels stand above the leaves.</param>
/// <param name="RootSalt">16 bytes that name the root's write.</param>
/// <param name="KeySalt">16 bytes that name the wrapping of the root key.</param>
/// <remarks>docs/protocol-storage.md, "Head".</remarks>
internal sealed record StoreHead(
    long Revision, long Count, long NextNode, long RootNode, byte Levels, byte[] RootSalt, byte[] KeySalt)
{
    /// <summary>Length of the encoding, in bytes.</summary>
    private const int Size = (4 * 8) + 1 + (2 * RecordSeal.SaltSize);

    /// <summary>The head of a store without records.</summary>
    public static StoreHead Empty(byte[] keySalt) => new(0, 0, 1, 0, 0, new byte[RecordSeal.SaltSize], keySalt);

    public TreeEntry? Root() => RootNode == 0 ? null : new TreeEntry([], RootSalt, RootNode);

    public byte[] Seal(BatchSeal seal) => seal.Seal(RecordKind.Head, StoreTables.HeadRecord.Span, Encode(), PaddingScheme.None);

    /// <returns>The head, or null where the bytes are not a head that these keys sealed.</returns>
    public static StoreHead? Open(StoreKeys keys, byte[]? sealedHead) =>
        sealedHead is not null && keys.Open(RecordKind.Head, StoreTables.HeadRecord.Span, [], sealedHead) is { } bytes
            ? Decode(bytes)
            : null;

    /// <summary>Whether it is the same state: the salts name all that hangs on it.</summary>
    public bool IsSameAs(StoreHead? other) => other is not null && PublicBytes.Equal(Encode(), other.Encode());

    public byte[] Encode()
    {
        byte[] bytes = new byte[Size];
        var writer = new SpanWriter(bytes);
        writer.WriteInt64(Revision);
        writer.WriteInt64(Count);
        writer.WriteInt64(NextNode);
        writer.WriteInt64(RootNode);
        writer.WriteByte(Levels);
        writer.WriteBytes(RootSalt);
        writer.WriteBytes(KeySalt);
        writer.ExpectFull();
        return bytes;
    }

    /// <summary>Reads authentic bytes; that the length is right is checked for readers of a later form.</summary>
    private static StoreHead? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            return null;
        }

        var reader = new SpanReader(bytes);
        return new StoreHead(
            reader.ReadInt64(),
            reader.ReadInt64(),
            reader.ReadInt64(),
            reader.ReadInt64(),
            reader.ReadByte(),
            reader.ReadBytes(RecordSeal.SaltSize).ToArray(),
            reader.ReadBytes(RecordSeal.SaltSize).ToArray());
    }
}
