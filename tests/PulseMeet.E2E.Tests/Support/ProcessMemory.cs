using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Support;

/// <summary>Looks for keys in all memory that this process can write to. Linux alone: proc(5), /proc/pid/maps and mem.</summary>
/// <remarks>What is looked for is kept under a mask, and what is read is put under the same mask before it is compared, so that the
/// search makes no copy of what it searches.</remarks>
internal sealed class ProcessMemory
{
    private const byte Mask = 0xa5;
    private const int ChunkSize = 1 << 20;

    /// <summary>Sixteen bytes in the middle of a key: curve code changes the ends before it uses them.</summary>
    private const int PieceAt = 8;
    private const int PieceSize = 16;

    private readonly byte[] _chunk = GC.AllocateArray<byte>(ChunkSize, pinned: true);
    private readonly List<(string Name, byte[] Masked)> _pieces = [];

    public void Remember(string name, SecretKey key)
    {
        using SecretScope bytes = key.Use();
        Remember(name, bytes.Span);
    }

    public void Remember(string name, SecretBytes secret)
    {
        using SecretScope bytes = secret.Use();
        Remember(name, bytes.Span);
    }

    /// <summary>The names of the keys that are in memory, once for each copy.</summary>
    public IReadOnlyList<string> Find()
    {
        var found = new List<string>();
        using SafeFileHandle memory = File.OpenHandle("/proc/self/mem");
        foreach (string line in File.ReadAllLines("/proc/self/maps"))
        {
            string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] range = parts[0].Split('-');
            if (parts[1].StartsWith("rw", StringComparison.Ordinal) && range[0].Length < 16)
            {
                Search(
                    memory,
                    long.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                    long.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                    found);
            }
        }

        return found;
    }

    private void Remember(string name, ReadOnlySpan<byte> key)
    {
        byte[] masked = new byte[PieceSize];
        for (int i = 0; i < PieceSize; i++)
        {
            masked[i] = (byte)(key[PieceAt + i] ^ Mask);
        }

        _pieces.Add((name, masked));
    }

    private unsafe void Search(SafeFileHandle memory, long from, long to, List<string> found)
    {
        long own = (long)(nint)Unsafe.AsPointer(ref _chunk[0]);
        for (long at = from; at < to;)
        {
            // The buffer itself would show what was read before.
            if (at >= own && at < own + ChunkSize)
            {
                at = own + ChunkSize;
                continue;
            }

            long end = Math.Min(to, at + ChunkSize);
            end = at < own && end > own ? own : end;
            int count;
            try
            {
                count = RandomAccess.Read(memory, _chunk.AsSpan(0, (int)(end - at)), at);
            }
            catch (IOException)
            {
                return; // A page that nobody can read, or that went since.
            }

            if (count <= 0)
            {
                return;
            }

            Span<byte> chunk = _chunk.AsSpan(0, count);
            foreach (ref byte b in chunk)
            {
                b ^= Mask;
            }

            foreach ((string name, byte[] masked) in _pieces)
            {
                for (int next, start = 0; (next = chunk[start..].IndexOf(masked)) >= 0; start += next + 1)
                {
                    found.Add(name);
                }
            }

            // Overlaps, so that a key on a chunk's border is found; counted twice at worst.
            at = at + count == to || at + count == own ? at + count : at + count - Math.Min(PieceSize, count - 1);
        }
    }
}
