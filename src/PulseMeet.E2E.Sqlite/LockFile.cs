using System.Buffers.Binary;

namespace PulseMeet.E2E.Sqlite;

/// <summary>The file beside the database that one process at a time has open for itself.</summary>
/// <remarks>
/// The operating system lets go of it when the process ends, however it ends. It stays there, since a file that is deleted can
/// be held twice. Its content, the last generation (8 bytes), tells a database that was emptied from one that was never made.
/// </remarks>
internal sealed class LockFile : IDisposable
{
    /// <summary>"In use" as an exception has it: on Windows (ERROR_SHARING_VIOLATION), Linux and macOS (EWOULDBLOCK).</summary>
    private static readonly int[] s_inUse = [unchecked((int)0x80070020), 11, 35];

    private readonly FileStream _file;

    private LockFile(FileStream file) => _file = file;

    /// <returns>The lock, or null where somebody else has it.</returns>
    public static LockFile? TryTake(string database)
    {
        try
        {
            return new LockFile(new FileStream(
                database + "-lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (IOException e) when (s_inUse.Contains(e.HResult))
        {
            return null;
        }
    }

    /// <summary>The generation of the last lease; 0 where there was none.</summary>
    public long ReadGeneration()
    {
        byte[] bytes = new byte[8];
        _file.Position = 0;
        return _file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length
            ? BinaryPrimitives.ReadInt64BigEndian(bytes)
            : 0;
    }

    public void WriteGeneration(long generation)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, generation);
        _file.Position = 0;
        _file.Write(bytes);
    }

    public void Dispose() => _file.Dispose();
}
