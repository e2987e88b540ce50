using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>Reads a request or an answer of docs/protocol-http.md. No count is trusted before the bytes are there.</summary>
/// <remarks>What does not have the form is <see cref="E2EError.InvalidEncoding"/>; a count over its bound is
/// <see cref="E2EError.LimitExceeded"/>.</remarks>
internal ref struct WireReader(ReadOnlyMemory<byte> input)
{
    private readonly ReadOnlyMemory<byte> _input = input;
    private SpanReader _reader = new(input.Span);

    /// <summary>Reads one of several.</summary>
    public delegate T Reading<T>(ref WireReader reader);

    public byte Byte() => _reader.ReadByte();

    public bool Boolean() => _reader.ReadBoolean();

    public ulong UInt64() => _reader.ReadUInt64();

    public long Int64() => _reader.ReadInt64();

    /// <summary>A number that an <see cref="int"/> holds.</summary>
    public int Int32()
    {
        uint value = _reader.ReadUInt32();
        return value <= int.MaxValue ? (int)value : throw new E2EException(E2EError.InvalidEncoding, "A number is too large.");
    }

    public ReadOnlyMemory<byte> Bytes(int length)
    {
        int at = _input.Length - _reader.Remaining;
        _reader.ReadBytes(length);
        return _input.Slice(at, length);
    }

    public ReadOnlyMemory<byte> Field() => Bytes(Int32());

    public ReadOnlyMemory<byte> Rest() => Bytes(_reader.Remaining);

    public string Text() => _reader.ReadText16();

    public DeviceAddress Address()
    {
        string userId = Text();
        string deviceId = Text();
        try
        {
            return new(userId, deviceId);
        }
        catch (ArgumentException)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A user or device id is empty or too long.");
        }
    }

    public OutgoingEnvelope Envelope() => new(Address(), Bytes(RelayRequest.IdSize), Field());

    public List<long> Ids(int max) => Many(max, static (ref WireReader reader) => reader.Int64());

    public List<T> Many<T>(int max, Reading<T> read)
    {
        int count = Int32();
        RelayRequest.IsWithin(count, max);
        List<T> values = [];
        for (int i = 0; i < count; i++)
        {
            values.Add(read(ref this));
        }

        return values;
    }

    public readonly void ExpectEnd() => _reader.ExpectEnd();
}
