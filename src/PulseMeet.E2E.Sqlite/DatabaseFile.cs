using System.Buffers.Binary;

namespace PulseMeet.E2E.Sqlite;

/// <summary>Looks at a database file before SQLite does, which would take an empty one for a new one.</summary>
/// <remarks>https://www.sqlite.org/fileformat.html, section 1.3.</remarks>
internal static class DatabaseFile
{
    private const int HeaderSize = 100;

    private static ReadOnlySpan<byte> Magic => "SQLite format 3\0"u8;

    /// <param name="path">The database.</param>
    /// <param name="wasThere">Whether a store was here before.</param>
    /// <exception cref="E2EException">The file is gone, empty, cut short, or no database (<see cref="E2EError.StoreDamaged"/>).</exception>
    public static void Check(string path, bool wasThere)
    {
        var info = new FileInfo(path);
        if (!info.Exists || info.Length == 0)
        {
            if (wasThere)
            {
                throw new E2EException(E2EError.StoreDamaged, "The file was emptied or deleted.");
            }

            return;
        }

        Span<byte> header = stackalloc byte[HeaderSize];
        using (FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
        {
            if (file.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize || !header.StartsWith(Magic))
            {
                throw new E2EException(E2EError.StoreDamaged, "The file is no database.");
            }
        }

        // While a journal has something, pages may be there alone, or the file may go back to what it was.
        if (info.Length < LengthIn(header) && !HasContent(path + "-wal") && !HasContent(path + "-journal"))
        {
            throw new E2EException(E2EError.StoreDamaged, "The file was cut short.");
        }
    }

    private static bool HasContent(string path) => new FileInfo(path) is { Exists: true, Length: > 0 };

    /// <summary>The length that the header speaks of; 0 where it does not.</summary>
    private static long LengthIn(ReadOnlySpan<byte> header)
    {
        int pageSize = BinaryPrimitives.ReadUInt16BigEndian(header[16..]);
        bool valid = BinaryPrimitives.ReadUInt32BigEndian(header[24..]) == BinaryPrimitives.ReadUInt32BigEndian(header[92..]);
        return valid ? (pageSize == 1 ? 65536 : pageSize) * (long)BinaryPrimitives.ReadUInt32BigEndian(header[28..]) : 0;
    }
}
