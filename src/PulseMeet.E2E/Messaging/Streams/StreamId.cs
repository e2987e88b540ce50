using System.Buffers.Binary;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>Ids of streams: when it was begun, by the sender's clock, and enough randomness that no two are alike.</summary>
/// <remarks>docs/protocol-messaging.md, "Numbers". The 16 bytes are a <see cref="MessageId"/>, which has the length.</remarks>
internal static class StreamId
{
    private const int TimeSize = 6;

    public static MessageId New(DateTimeOffset now)
    {
        Span<byte> id = stackalloc byte[MessageId.Size];
        Randomness.Fill(id);
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(time, Math.Max(0, now.ToUnixTimeMilliseconds()));
        time[(8 - TimeSize)..].CopyTo(id);
        return new MessageId(id);
    }

    /// <summary>Unix milliseconds on the sender's clock.</summary>
    public static long BegunAt(MessageId id)
    {
        byte[] time = new byte[8];
        id.ToArray().AsSpan(0, TimeSize).CopyTo(time.AsSpan(8 - TimeSize));
        return BinaryPrimitives.ReadInt64BigEndian(time);
    }
}
