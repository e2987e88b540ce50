using System.Buffers.Binary;
using System.Globalization;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E;

/// <summary>Names a message for everybody who has it. It follows from what is sealed, so that no two senders can give one id
/// to two messages.</summary>
/// <remarks>The first 16 bytes of SHA-256 over the sending device, its stream, the conversation and the number;
/// docs/protocol-messaging.md, "Message id".</remarks>
public readonly record struct MessageId
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 16;

    private readonly UInt128 _value;

    /// <param name="bytes">16 bytes, as <see cref="ToArray"/> gave them.</param>
    /// <exception cref="ArgumentException">Another length.</exception>
    public MessageId(ReadOnlySpan<byte> bytes)
    {
        Argument.HasLength(bytes, Size);
        _value = BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v1 message id"u8;

    /// <summary>The 16 bytes.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[Size];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, _value);
        return bytes;
    }

    /// <summary>32 hexadecimal digits, lower case.</summary>
    public override string ToString() => _value.ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <param name="text">32 hexadecimal digits.</param>
    /// <exception cref="E2EException">Anything else (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static MessageId Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length != 2 * Size || !text.All(char.IsAsciiHexDigit))
        {
            throw new E2EException(E2EError.InvalidEncoding, "Not a message id.");
        }

        return new MessageId(Convert.FromHexString(text));
    }

    internal static MessageId Of(StreamName stream, ulong number)
    {
        byte[] name = stream.Encode();
        byte[] content = new byte[name.Length + 8];
        name.CopyTo(content, 0);
        BinaryPrimitives.WriteUInt64BigEndian(content.AsSpan(name.Length), number);
        return new MessageId(Sha256.Hash(LabelledContent.Of(Label, content)).AsSpan(0, Size));
    }
}
