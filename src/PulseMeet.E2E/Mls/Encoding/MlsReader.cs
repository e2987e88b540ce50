using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Mls;

/// <summary>Reads the TLS presentation language with variable-size vectors (RFC 9420, section 2.1).</summary>
/// <remarks>Bounds are checked before anything is allocated; every fault is <see cref="E2EError.InvalidEncoding"/>.</remarks>
internal ref struct MlsReader(ReadOnlySpan<byte> input)
{
    private SpanReader _reader = new(input);

    public readonly int Remaining => _reader.Remaining;

    public byte ReadByte() => _reader.ReadByte();

    public ushort ReadUInt16() => _reader.ReadUInt16();

    public uint ReadUInt32() => _reader.ReadUInt32();

    public ulong ReadUInt64() => _reader.ReadUInt64();

    public ReadOnlySpan<byte> ReadBytes(int length) => _reader.ReadBytes(length);

    public ReadOnlySpan<byte> ReadRest() => _reader.ReadRest();

    /// <summary>What is left, without taking it: to keep a structure's own encoding.</summary>
    public readonly ReadOnlySpan<byte> Peek()
    {
        SpanReader copy = _reader;
        return copy.ReadRest();
    }

    public readonly void ExpectEnd() => _reader.ExpectEnd();

    /// <summary>optional&lt;T&gt;: whether the value follows (section 2.1.1).</summary>
    public bool ReadPresence() => _reader.ReadBoolean();

    /// <summary>The length in front of a vector (section 2.1.2): one, two or four bytes, in the shortest form only.</summary>
    public int ReadLength()
    {
        byte first = _reader.ReadByte();
        int value = first & 0x3f;
        switch (first >> 6)
        {
            case 0:
                return value;
            case 1:
                value = (value << 8) | _reader.ReadByte();
                return value >= 0x40 ? value : throw NotMinimal();
            case 2:
                value = (value << 24) | (_reader.ReadByte() << 16) | _reader.ReadUInt16();
                return value >= 0x4000 ? value : throw NotMinimal();
            default:
                throw new E2EException(E2EError.InvalidEncoding, "A vector's length has an invalid prefix.");
        }
    }

    /// <summary>The bytes of a vector.</summary>
    public ReadOnlySpan<byte> ReadVector() => _reader.ReadBytes(ReadLength());

    /// <summary>A vector whose elements are read one by one.</summary>
    public MlsReader ReadInner() => new(ReadVector());

    /// <summary>A vector of 16-bit numbers.</summary>
    public ushort[] ReadNumbers()
    {
        ReadOnlySpan<byte> bytes = ReadVector();
        if (bytes.Length % 2 != 0)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A vector of numbers has an odd length.");
        }

        ushort[] numbers = new ushort[bytes.Length / 2];
        var inner = new MlsReader(bytes);
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = inner.ReadUInt16();
        }

        return numbers;
    }

    private static E2EException NotMinimal() =>
        new(E2EError.InvalidEncoding, "A vector's length is not in its shortest form.");
}
