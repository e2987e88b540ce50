using System.Buffers.Binary;

namespace PulseMeet.E2E.Encoding;

/// <summary>Reads a byte format front to back, within bounds. Integers are big-endian.</summary>
/// <remarks>Every read that would pass the end throws <see cref="E2EError.InvalidEncoding"/>; no length is trusted
/// before it has been compared with the bytes that are there, so that a huge length field allocates nothing.</remarks>
internal ref struct SpanReader(ReadOnlySpan<byte> input)
{
    private ReadOnlySpan<byte> _rest = input;

    public readonly int Remaining => _rest.Length;

    public byte ReadByte() => Take(1)[0];

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    public long ReadInt64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    /// <summary>A flag: 0 or 1, and nothing else, so that one value has one encoding.</summary>
    public bool ReadBoolean() => ReadByte() switch
    {
        0 => false,
        1 => true,
        _ => throw new E2EException(E2EError.InvalidEncoding, "A flag is neither 0 nor 1."),
    };

    public ReadOnlySpan<byte> ReadBytes(int length) => Take(length);

    /// <summary>Bytes behind a two-byte length.</summary>
    public ReadOnlySpan<byte> ReadField16() => Take(ReadUInt16());

    /// <summary>Bytes behind a four-byte length.</summary>
    /// <exception cref="E2EException">The length is over <paramref name="max"/> (<see cref="E2EError.LimitExceeded"/>).</exception>
    public ReadOnlySpan<byte> ReadField32(int max)
    {
        uint length = ReadUInt32();
        if (length > (uint)max)
        {
            throw new E2EException(E2EError.LimitExceeded, "A field is longer than its bound.");
        }

        return Take((int)length);
    }

    /// <summary>UTF-8 text behind a two-byte length.</summary>
    public string ReadText16() => StrictUtf8.Decode(ReadField16());

    public ReadOnlySpan<byte> ReadRest()
    {
        ReadOnlySpan<byte> rest = _rest;
        _rest = default;
        return rest;
    }

    /// <exception cref="E2EException">The version is another one (<see cref="E2EError.UnsupportedVersion"/>).</exception>
    public void ExpectVersion(byte version)
    {
        if (ReadByte() != version)
        {
            throw new E2EException(E2EError.UnsupportedVersion);
        }
    }

    /// <summary>Trailing bytes are refused: what is not read is not covered by any check.</summary>
    public readonly void ExpectEnd()
    {
        if (!_rest.IsEmpty)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Trailing bytes.");
        }
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if ((uint)length > (uint)_rest.Length)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Too short.");
        }

        ReadOnlySpan<byte> taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
