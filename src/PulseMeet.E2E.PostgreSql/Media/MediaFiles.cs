using System.Globalization;

namespace PulseMeet.E2E.PostgreSql.Media;

/// <summary>Sealed files in folders of a thousand, named by their number in the database.</summary>
/// <remarks>Whoever writes a file holds a lock of the operating system on it, which goes with the process.</remarks>
internal sealed class MediaFiles(string root)
{
    /// <summary>Opens an upload to write; null where somebody else is writing it now.</summary>
    public FileStream? TryOpenToWrite(long number)
    {
        string path = PathOf(number);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    /// <summary>Appends at an offset and makes it durable. What an interrupted call left behind the offset is gone.</summary>
    public static async Task WriteAsync(FileStream file, long offset, ReadOnlyMemory<byte> part, CancellationToken cancellationToken)
    {
        file.SetLength(offset);
        file.Position = offset;
        await file.WriteAsync(part, cancellationToken).ConfigureAwait(false);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Reads a range; fewer bytes than asked for only at the end.</summary>
    /// <exception cref="FileNotFoundException">It was deleted meanwhile.</exception>
    public async Task<int> ReadAsync(long number, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        var file = new FileStream(PathOf(number), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
        await using (file.ConfigureAwait(false))
        {
            file.Position = offset;
            return await file.ReadAtLeastAsync(destination, destination.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Delete(long number)
    {
        string path = PathOf(number);
        if (Directory.Exists(Path.GetDirectoryName(path)))
        {
            File.Delete(path);
        }
    }

    private string PathOf(long number) => Path.Combine(
        root, (number / 1000).ToString(CultureInfo.InvariantCulture), number.ToString(CultureInfo.InvariantCulture));
}
