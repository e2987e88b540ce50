using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Storage;

/// <summary>The name of a record: its table, then its key. Names are compared byte by byte.</summary>
internal sealed class StoreName : IEqualityComparer<byte[]>
{
    public static StoreName Comparer { get; } = new();

    /// <exception cref="ArgumentException">The key is not 1 to 255 bytes.</exception>
    public static byte[] Of(byte table, ReadOnlySpan<byte> key)
    {
        CheckKey(key);
        return Join(table, key);
    }

    /// <summary>Of a part of a key: where a scan begins, or what its keys begin with.</summary>
    /// <exception cref="ArgumentException">It is longer than any key.</exception>
    public static byte[] OfPart(byte table, ReadOnlySpan<byte> part)
    {
        CheckPart(part);
        return Join(table, part);
    }

    /// <exception cref="ArgumentException">It is longer than any key.</exception>
    public static void CheckPart(ReadOnlySpan<byte> part)
    {
        if (part.Length > StoreLimits.MaxKeySize)
        {
            throw new ArgumentException("Must have at most 255 bytes.", nameof(part));
        }
    }

    /// <exception cref="ArgumentException">The key is not 1 to 255 bytes.</exception>
    public static void CheckKey(ReadOnlySpan<byte> key)
    {
        if (key.Length is 0 or > StoreLimits.MaxKeySize)
        {
            throw new ArgumentException("Must have 1 to 255 bytes.", nameof(key));
        }
    }

    public bool Equals(byte[]? x, byte[]? y) => PublicBytes.Equal(x, y);

    public int GetHashCode(byte[] obj) => PublicBytes.Hash(obj);

    private static byte[] Join(byte table, ReadOnlySpan<byte> key)
    {
        byte[] name = new byte[1 + key.Length];
        name[0] = table;
        key.CopyTo(name.AsSpan(1));
        return name;
    }
}
