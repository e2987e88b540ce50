using System.Buffers.Binary;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Storage;

/// <summary>A node of the B+ tree over the names of all records: in order, each with the salt that names its current write.</summary>
/// <remarks>
/// docs/protocol-storage.md, "Tree". A node that was published is never changed; <see cref="TreeEdit"/> changes copies.
/// </remarks>
internal sealed class TreeNode(long number, byte level, List<TreeEntry> entries)
{
    /// <summary>The most entries of a node. Nodes of 16 are about 800 bytes: small enough to write a few with every batch.</summary>
    public const int MaxEntries = 16;

    /// <summary>Fewer entries than these, and the node is joined with its neighbour.</summary>
    public const int MinEntries = MaxEntries / 2;

    public long Number { get; } = number;

    public byte Level { get; } = level;

    public List<TreeEntry> Entries { get; } = entries;

    public byte[] Name => NameOf(Number);

    public static byte[] NameOf(long number)
    {
        byte[] name = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(name, number);
        return name;
    }

    /// <summary>The entry of exactly this name; negative where there is none, as the complement of its place.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        int low = 0;
        int high = Entries.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            int order = PublicBytes.Compare(Entries[middle].Name, name);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return ~low;
    }

    /// <summary>The child beneath which a name lies, or would lie.</summary>
    public int FindChild(ReadOnlySpan<byte> name)
    {
        int index = Find(name);
        return index >= 0 ? index : Math.Max(0, ~index - 1);
    }

    public byte[] Encode()
    {
        byte[] bytes = new byte[GetSize()];
        Write(bytes);
        return bytes;
    }

    /// <summary>Length of the encoding, in bytes.</summary>
    public int GetSize()
    {
        int size = 3;
        foreach (TreeEntry entry in Entries)
        {
            size += 2 + entry.Name.Length + RecordSeal.SaltSize + (Level > 0 ? 8 : 0);
        }

        return size;
    }

    /// <summary>Writes the encoding, which has exactly this length.</summary>
    public void Write(Span<byte> bytes)
    {
        var writer = new SpanWriter(bytes);
        writer.WriteByte(Level);
        writer.WriteUInt16((ushort)Entries.Count);
        foreach (TreeEntry entry in Entries)
        {
            writer.WriteField16(entry.Name);
            writer.WriteBytes(entry.Salt);
            if (Level > 0)
            {
                writer.WriteInt64(entry.Node);
            }
        }

        writer.ExpectFull();
    }

    /// <returns>The node, or null where authentic bytes are not a node of this level.</returns>
    public static TreeNode? TryDecode(long number, int level, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Decode(number, level, bytes);
        }
        catch (E2EException)
        {
            return null;
        }
    }

    private static TreeNode Decode(long number, int level, ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        byte ownLevel = reader.ReadByte();
        int count = reader.ReadUInt16();
        if (ownLevel != level || count is 0 or > MaxEntries)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A node is on another level, has no entries, or too many.");
        }

        var entries = new List<TreeEntry>(count);
        for (int i = 0; i < count; i++)
        {
            byte[] name = reader.ReadField16().ToArray();
            byte[] salt = reader.ReadBytes(RecordSeal.SaltSize).ToArray();
            entries.Add(new TreeEntry(name, salt, level > 0 ? reader.ReadInt64() : 0));
            if (i > 0 && PublicBytes.Compare(entries[i - 1].Name, name) >= 0)
            {
                throw new E2EException(E2EError.InvalidEncoding, "A node is not in order.");
            }
        }

        reader.ExpectEnd();
        return new TreeNode(number, ownLevel, entries);
    }
}
