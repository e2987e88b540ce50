using System.Buffers.Binary;
using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>Names a session for both its devices: the first 16 bytes of the hash of its handshake.</summary>
internal readonly record struct SessionId(UInt128 Value) : IComparable<SessionId>
{
    public const int Size = 16;

    /// <param name="handshakeHash">At least 16 bytes.</param>
    public static SessionId Of(ReadOnlySpan<byte> handshakeHash) => new(BinaryPrimitives.ReadUInt128BigEndian(handshakeHash));

    public static SessionId Read(ref SpanReader reader) => Of(reader.ReadBytes(Size));

    public void Write(ref SpanWriter writer) => BinaryPrimitives.WriteUInt128BigEndian(writer.Next(Size), Value);

    public int CompareTo(SessionId other) => Value.CompareTo(other.Value);
}
