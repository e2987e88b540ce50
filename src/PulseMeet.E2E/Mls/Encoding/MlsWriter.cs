using System.Buffers.Binary;
using System.Security.Cryptography;

namespace PulseMeet.E2E.Mls;

/// <summary>Writes the TLS presentation language with variable-size vectors (RFC 9420, section 2.1) into a buffer that
/// grows.</summary>
/// <remarks>Zeroes what it wrote on dispose and when it grows, since secrets pass through it. Not thread-safe.</remarks>
internal sealed class MlsWriter(int capacity = 256) : IDisposable
{
    /// <summary>The longest vector, in bytes (section 2.1.2: 30 bits).</summary>
    public const int MaxVector = (1 << 30) - 1;

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(capacity);

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public byte[] ToArray() => Written.ToArray();

    public void WriteByte(byte value) => Next(1)[0] = value;

    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Next(2), value);

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Next(4), value);

    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Next(8), value);

    public void WriteBytes(ReadOnlySpan<byte> value) => value.CopyTo(Next(value.Length));

    public void WritePresence(bool present) => WriteByte(present ? (byte)1 : (byte)0);

    /// <summary>The length in front of a vector, in its shortest form (section 2.1.2).</summary>
    public void WriteLength(int length) => PutLength(Next(LengthSize(length)), length);

    public void WriteVector(ReadOnlySpan<byte> value)
    {
        WriteLength(value.Length);
        WriteBytes(value);
    }

    public void WriteNumbers(ReadOnlySpan<ushort> numbers)
    {
        WriteLength(numbers.Length * 2);
        foreach (ushort number in numbers)
        {
            WriteUInt16(number);
        }
    }

    /// <summary>Begins a vector whose length is not known yet.</summary>
    /// <returns>What <see cref="EndVector"/> takes.</returns>
    public int BeginVector()
    {
        WriteByte(0);
        return Length;
    }

    public void EndVector(int start)
    {
        int length = Length - start;
        int size = LengthSize(length);
        if (size > 1)
        {
            _ = Next(size - 1);
            _buffer.AsSpan(start, length).CopyTo(_buffer.AsSpan(start + size - 1));
        }

        PutLength(_buffer.AsSpan(start - 1, size), length);
    }

    /// <summary>The next bytes, for the caller to fill.</summary>
    public Span<byte> Next(int length)
    {
        int needed = checked(Length + length);
        if (needed > _buffer.Length)
        {
            byte[] grown = GC.AllocateUninitializedArray<byte>(Math.Max(needed, checked(_buffer.Length * 2)));
            Written.CopyTo(grown);
            CryptographicOperations.ZeroMemory(_buffer.AsSpan(0, Length));
            _buffer = grown;
        }

        Span<byte> next = _buffer.AsSpan(Length, length);
        Length = needed;
        return next;
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_buffer.AsSpan(0, Length));
        Length = 0;
    }

    internal static int LengthSize(int length) => length switch
    {
        < 0x40 => 1,
        < 0x4000 => 2,
        <= MaxVector => 4,
        _ => throw new ArgumentException("A vector has at most 2^30 - 1 bytes."),
    };

    internal static void PutLength(Span<byte> destination, int length)
    {
        switch (destination.Length)
        {
            case 1:
                destination[0] = (byte)length;
                break;
            case 2:
                BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)(0x4000 | length));
                break;
            default:
                BinaryPrimitives.WriteUInt32BigEndian(destination, 0x8000_0000 | (uint)length);
                break;
        }
    }
}
