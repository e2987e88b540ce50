namespace PulseMeet.E2E.Media;

/// <summary>Gives a content, and then its padding, segment by segment. Looks one byte ahead, so that the last segment is known as
/// the last when it is sealed, whatever the stream knows of its length.</summary>
internal sealed class PlaintextReader(StreamEnd source, MediaPadding padding)
{
    private readonly byte[] _ahead = new byte[1];
    private bool _hasAhead;
    private bool _ended;
    private long _zerosLeft;

    /// <summary>Length of the content read so far, in bytes; without padding, and with the byte looked ahead at.</summary>
    public long ContentLength { get; private set; }

    /// <returns>How much of <paramref name="segment"/> is filled, and whether nothing follows.</returns>
    public async ValueTask<(int Count, bool IsLast)> ReadSegmentAsync(Memory<byte> segment, CancellationToken cancellationToken)
    {
        int count = 0;
        if (_hasAhead)
        {
            segment.Span[0] = _ahead[0];
            count = 1;
        }

        count += await FillAsync(segment[count..], cancellationToken).ConfigureAwait(false);
        _hasAhead = count == segment.Length
            && await FillAsync(_ahead, cancellationToken).ConfigureAwait(false) == 1;
        return (count, !_hasAhead);
    }

    private async ValueTask<int> FillAsync(Memory<byte> memory, CancellationToken cancellationToken)
    {
        int filled = 0;
        if (!_ended)
        {
            filled = await source.FillAsync(memory, cancellationToken).ConfigureAwait(false);
            ContentLength += filled;
            if (filled < memory.Length)
            {
                _ended = true;
                _zerosLeft = padding.Pad(ContentLength) - ContentLength;
            }
        }

        int zeros = (int)Math.Min(_zerosLeft, memory.Length - filled);
        memory.Span.Slice(filled, zeros).Clear();
        _zerosLeft -= zeros;
        return filled + zeros;
    }
}
