using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Media;

/// <summary>Seals and opens single segments of a file that is in memory, in their places. Not thread-safe: one for each worker.</summary>
internal sealed class FloeSpanSegments(FloeState state, MediaLayout layout) : IDisposable
{
    private readonly FloeSegmentCipher _cipher = new(state);
    private byte[]? _padded;

    /// <param name="position">Which segment.</param>
    /// <param name="content">At most the layout's plaintext; the rest is sealed as zeros.</param>
    /// <param name="destination">The whole sealed file.</param>
    public void Seal(long position, ReadOnlySpan<byte> content, Span<byte> destination)
    {
        Span<byte> segment = layout.SegmentOf(destination, position);
        int length = segment.Length - FloeParameters.SegmentOverhead;
        ReadOnlySpan<byte> rest = content[OffsetIn(content.Length, position)..];
        if (rest.Length >= length)
        {
            _cipher.Seal(rest[..length], position, layout.IsFinal(position), segment);
            return;
        }

        _padded ??= new byte[layout.Parameters.PlaintextLength];
        _padded.AsSpan().Clear();
        rest.CopyTo(_padded);
        _cipher.Seal(_padded.AsSpan(0, length), position, layout.IsFinal(position), segment);
    }

    /// <param name="position">Which segment.</param>
    /// <param name="sealedFile">The whole sealed file.</param>
    /// <param name="content">At most the layout's plaintext, the rest of which has to be zeros.</param>
    /// <exception cref="E2EException">The segment does not verify (<see cref="E2EError.NotAuthentic"/>), or its padding is not zeros
    /// (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public void Open(long position, ReadOnlySpan<byte> sealedFile, Span<byte> content)
    {
        ReadOnlySpan<byte> segment = layout.SegmentOf(sealedFile, position);
        int length = segment.Length - FloeParameters.SegmentOverhead;
        Span<byte> rest = content[OffsetIn(content.Length, position)..];
        if (rest.Length >= length)
        {
            _cipher.Open(segment, position, layout.IsFinal(position), rest[..length]);
            return;
        }

        _padded ??= new byte[layout.Parameters.PlaintextLength];
        _cipher.Open(segment, position, layout.IsFinal(position), _padded.AsSpan(0, length));
        _padded.AsSpan(0, rest.Length).CopyTo(rest);
        MediaVerification.CheckPadding(_padded.AsSpan(rest.Length, length - rest.Length));
    }

    public void Dispose()
    {
        _cipher.Dispose();
        SecretMemory.Zero(_padded);
    }

    private int OffsetIn(int contentLength, long position) => (int)Math.Min(contentLength, position * layout.Parameters.PlaintextLength);
}
