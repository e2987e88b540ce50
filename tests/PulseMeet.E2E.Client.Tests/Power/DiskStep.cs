using System.Buffers.Binary;

namespace PulseMeet.E2E.Client.Tests.Power;

/// <summary>One thing that was done to a machine's files, as power.c wrote it down.</summary>
/// <param name="Kind">C created and O opened, W written, T cut or extended to a length, S synced, F its folder synced, D deleted, R renamed,
/// M a folder made.</param>
/// <param name="File">The inode's number, which another file may have had before.</param>
/// <param name="At">Where it was written, or the new length.</param>
/// <param name="Bytes">What was written, or a path.</param>
/// <param name="Second">The new path of what was renamed.</param>
internal sealed record DiskStep(char Kind, ulong File, long At, byte[] Bytes, byte[] Second)
{
    private const int HeadSize = 32;

    public string Path => System.Text.Encoding.UTF8.GetString(Bytes);

    public string NewPath => System.Text.Encoding.UTF8.GetString(Second);

    /// <summary>All steps of a log, but one that its process was killed over.</summary>
    public static IEnumerable<DiskStep> Read(string log)
    {
        byte[] bytes = System.IO.File.Exists(log) ? System.IO.File.ReadAllBytes(log) : [];
        for (int at = 0; at + HeadSize <= bytes.Length;)
        {
            ReadOnlySpan<byte> head = bytes.AsSpan(at, HeadSize);
            int first = BinaryPrimitives.ReadInt32LittleEndian(head[16..]);
            int second = BinaryPrimitives.ReadInt32LittleEndian(head[20..]);
            at += HeadSize;
            if (at + first + second > bytes.Length)
            {
                yield break;
            }

            yield return new DiskStep(
                (char)BinaryPrimitives.ReadInt32LittleEndian(head[24..]),
                BinaryPrimitives.ReadUInt64LittleEndian(head),
                BinaryPrimitives.ReadInt64LittleEndian(head[8..]),
                bytes[at..(at + first)],
                bytes[(at + first)..(at + first + second)]);
            at += first + second;
        }
    }
}
