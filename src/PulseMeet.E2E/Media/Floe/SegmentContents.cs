using System.Buffers.Binary;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>What the segments of a file held when it was read the first time, so that nothing else is sealed when it is read again.</summary>
/// <remarks>
/// docs/protocol-media.md, "Resuming an upload". Keeps the first 16 bytes of each segment's SHA-256: 128 KiB for a GiB in segments of 128 KiB.
/// Without padding. Immutable; thread-safe.
/// </remarks>
internal sealed class SegmentContents
{
    private readonly List<UInt128> _segments = [];

    private SegmentContents()
    {
    }

    /// <summary>Length of the content, in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>SHA-256 over the SHA-256 of each segment, in order: 32 bytes.</summary>
    public byte[] Digest { get; private set; } = [];

    /// <summary>Reads a content to its end.</summary>
    /// <param name="source">From its position on. Not disposed.</param>
    /// <param name="plaintextLength">What a full segment holds, in bytes.</param>
    /// <param name="cancellationToken">Stops between segments.</param>
    public static async Task<SegmentContents> ReadAsync(Stream source, int plaintextLength, CancellationToken cancellationToken)
    {
        var contents = new SegmentContents();
        var end = new StreamEnd(source, sync: false);
        using var whole = new IncrementalSha256();
        byte[] plaintext = new byte[plaintextLength];
        byte[] hash = new byte[Sha256.Size];
        try
        {
            int count;
            do
            {
                cancellationToken.ThrowIfCancellationRequested();
                count = await end.FillAsync(plaintext, cancellationToken).ConfigureAwait(false);

                // Only the empty content has an empty segment.
                if (count > 0 || contents._segments.Count == 0)
                {
                    Sha256.Hash(plaintext.AsSpan(0, count), hash);
                    whole.Append(hash);
                    contents._segments.Add(BinaryPrimitives.ReadUInt128BigEndian(hash));
                    contents.Length += count;
                }
            }
            while (count == plaintextLength);
        }
        finally
        {
            SecretMemory.Zero(plaintext);
        }

        contents.Digest = whole.Current();
        return contents;
    }

    /// <summary>Holds a segment against what was read.</summary>
    /// <param name="position">Counts from 0.</param>
    /// <param name="isFinal">Whether the file ends here.</param>
    /// <param name="hash">SHA-256 of its plaintext.</param>
    /// <exception cref="E2EException">It is another one (<see cref="E2EError.ContentChanged"/>).</exception>
    public void Expect(long position, bool isFinal, ReadOnlySpan<byte> hash)
    {
        if (isFinal != (position == _segments.Count - 1)
            || position >= _segments.Count
            || BinaryPrimitives.ReadUInt128BigEndian(hash) != _segments[(int)position])
        {
            throw new E2EException(E2EError.ContentChanged, "The file is not what it was when it was begun.");
        }
    }
}
