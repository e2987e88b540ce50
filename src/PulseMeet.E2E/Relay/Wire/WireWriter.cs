using System.Buffers;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>Writes a request or an answer of docs/protocol-http.md, of any length. Integers are big-endian.</summary>
internal sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    public byte[] ToArray() => _buffer.WrittenSpan.ToArray();

    public void Byte(byte value) => Write(1, (ref SpanWriter writer) => writer.WriteByte(value));

    public void UInt32(int value) => Write(4, (ref SpanWriter writer) => writer.WriteUInt32(checked((uint)value)));

    public void UInt64(ulong value) => Write(8, (ref SpanWriter writer) => writer.WriteUInt64(value));

    public void Int64(long value) => Write(8, (ref SpanWriter writer) => writer.WriteInt64(value));

    public void Bytes(ReadOnlyMemory<byte> value) => _buffer.Write(value.Span);

    public void Field(ReadOnlyMemory<byte> value)
    {
        UInt32(value.Length);
        Bytes(value);
    }

    public void Text(string value) =>
        Write(2 + StrictUtf8.Instance.GetByteCount(value), (ref SpanWriter writer) => writer.WriteText16(value));

    public void Address(DeviceAddress value)
    {
        Text(value.UserId);
        Text(value.DeviceId);
    }

    public void Envelope(OutgoingEnvelope value)
    {
        Address(value.Recipient);
        Bytes(value.Id);
        Field(value.Content);
    }

    public void Ids(IReadOnlyCollection<long> values)
    {
        UInt32(values.Count);
        foreach (long id in values)
        {
            Int64(id);
        }
    }

    public void Many<T>(IReadOnlyCollection<T> values, Action<T> write)
    {
        UInt32(values.Count);
        foreach (T value in values)
        {
            write(value);
        }
    }

    private delegate void Writing(ref SpanWriter writer);

    private void Write(int length, Writing write)
    {
        var writer = new SpanWriter(_buffer.GetSpan(length)[..length]);
        write(ref writer);
        writer.ExpectFull();
        _buffer.Advance(length);
    }
}
