using System.Buffers.Binary;

namespace PulseMeet.E2E.Encoding;

/// <summary>Writes a byte format front to back into a span of the right size. Integers are big-endian.</summary>
/// <remarks>The destination's length is computed by the caller from the same sizes; a mismatch is a fault of this
/// library and throws <see cref="ArgumentException"/> or <see cref="InvalidOperationException"/>.</remarks>
internal ref struct SpanWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    public int Written { get; private set; }

    public readonly ReadOnlySpan<byte> WrittenSpan => _destination[..Written];

    public void WriteByte(byte value) => Next(1)[0] = value;

    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Next(2), value);

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Next(4), value);

    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Next(8), value);

    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64BigEndian(Next(8), value);

    public void WriteBoolean(bool value) => WriteByte(value ? (byte)1 : (byte)0);

    public void WriteBytes(ReadOnlySpan<byte> value) => value.CopyTo(Next(value.Length));

    /// <summary>A two-byte length, then the bytes.</summary>
    public void WriteField16(ReadOnlySpan<byte> value)
    {
        WriteUInt16(checked((ushort)value.Length));
        WriteBytes(value);
    }

    /// <summary>A four-byte length, then the bytes.</summary>
    public void WriteField32(ReadOnlySpan<byte> value)
    {
        WriteUInt32((uint)value.Length);
        WriteBytes(value);
    }

    /// <summary>A two-byte length, then the text in UTF-8.</summary>
    public void WriteText16(string value)
    {
        int length = StrictUtf8.Instance.GetByteCount(value);
        WriteUInt16(checked((ushort)length));
        StrictUtf8.Instance.GetBytes(value, Next(length));
    }

    /// <summary>The next bytes, for the caller to fill.</summary>
    public Span<byte> Next(int length)
    {
        Span<byte> next = _destination.Slice(Written, length);
        Written += length;
        return next;
    }

    public readonly void ExpectFull()
    {
        if (Written != _destination.Length)
        {
            throw new InvalidOperationException("The computed length is not the written length.");
        }
    }
}
