using System.Buffers.Binary;

namespace PulseMeet.E2E.RelayLoad;

/// <summary>Numbers appended to a file as they come, so that a killed process leaves them: 16 bytes each, the message and its
/// latency in microseconds.</summary>
internal sealed class Log(string path) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly FileStream _file = new(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);

    public static List<(long Message, long Microseconds)> Read(string folder, string kind)
    {
        List<(long, long)> entries = [];
        foreach (string path in Directory.EnumerateFiles(folder, $"{kind}-*"))
        {
            byte[] bytes = File.ReadAllBytes(path);
            for (int at = 0; at + 16 <= bytes.Length; at += 16)
            {
                entries.Add((BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(at)), BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(at + 8))));
            }
        }

        return entries;
    }

    public void Add(long message, long microseconds)
    {
        Span<byte> entry = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(entry, message);
        BinaryPrimitives.WriteInt64BigEndian(entry[8..], microseconds);
        lock (_lock)
        {
            _file.Write(entry);
        }
    }

    public void Dispose() => _file.Dispose();
}
