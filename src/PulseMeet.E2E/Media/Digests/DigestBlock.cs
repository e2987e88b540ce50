namespace PulseMeet.E2E.Media;

/// <summary>Digests in a row, in memory that grows with their number.</summary>
internal sealed class DigestBlock
{
    private const int SmallestSize = 8 * TreeShape.DigestSize;

    private byte[] _bytes = [];
    private int _length;

    public int Count => _length / TreeShape.DigestSize;

    public ReadOnlyMemory<byte> Digests => _bytes.AsMemory(0, _length);

    public void Append(ReadOnlySpan<byte> digests)
    {
        if (_bytes.Length - _length < digests.Length)
        {
            Array.Resize(ref _bytes, Math.Max(Math.Max(SmallestSize, 2 * _bytes.Length), _length + digests.Length));
        }

        digests.CopyTo(_bytes.AsSpan(_length));
        _length += digests.Length;
    }

    public void Clear() => _length = 0;

    public DigestBlock Copy()
    {
        var copy = new DigestBlock();
        copy.Append(Digests.Span);
        return copy;
    }
}
