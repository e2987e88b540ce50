using System.Buffers.Binary;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Messaging;

/// <summary>Writes a record of the device's store, whose length is not known before.</summary>
internal sealed class RecordWriter
{
    private byte[] _buffer = new byte[256];
    private int _length;

    public RecordWriter Byte(byte value)
    {
        Next(1)[0] = value;
        return this;
    }

    public RecordWriter Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    public RecordWriter UInt16(int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(Next(2), checked((ushort)value));
        return this;
    }

    public RecordWriter UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(Next(8), value);
        return this;
    }

    public RecordWriter Int64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(Next(8), value);
        return this;
    }

    public RecordWriter Time(DateTimeOffset value) => Int64(value.ToUnixTimeMilliseconds());

    public RecordWriter Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Next(value.Length));
        return this;
    }

    public RecordWriter Field(ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(Next(4), (uint)value.Length);
        return Bytes(value);
    }

    public RecordWriter Text(string value)
    {
        byte[] utf8 = StrictUtf8.Instance.GetBytes(value);
        return UInt16(utf8.Length).Bytes(utf8);
    }

    public RecordWriter Texts(IReadOnlyList<string> values)
    {
        UInt16(values.Count);
        foreach (string value in values)
        {
            Text(value);
        }

        return this;
    }

    public RecordWriter Address(DeviceAddress value) => Text(value.UserId).Text(value.DeviceId);

    public RecordWriter Id(MessageId value) => Bytes(value.ToArray());

    public byte[] ToArray() => _buffer.AsSpan(0, _length).ToArray();

    private Span<byte> Next(int length)
    {
        if (_buffer.Length - _length < length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + length));
        }

        _length += length;
        return _buffer.AsSpan(_length - length, length);
    }
}
