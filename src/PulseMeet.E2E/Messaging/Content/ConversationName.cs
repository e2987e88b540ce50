using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>Which conversation a content belongs to: two users, or a group.</summary>
/// <remarks>docs/protocol-messaging.md, "Conversation". Immutable; compared by its bytes.</remarks>
internal sealed class ConversationName : IEquatable<ConversationName>
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxSize = 1 + (2 * (2 + DeviceAddress.MaxIdSize));

    private const byte DirectKind = 1;
    private const byte PulseKind = 2;

    private readonly byte[] _encoded;
    private readonly string? _first;
    private readonly string? _second;

    private ConversationName(byte[] encoded, string? first, string? second)
    {
        _encoded = encoded;
        _first = first;
        _second = second;
    }

    public ReadOnlySpan<byte> Encoded => _encoded;

    public bool IsDirect => _first is not null;

    /// <summary>The conversation of two users, in whichever order they are given; also of a user with itself.</summary>
    public static ConversationName Direct(string one, string other)
    {
        byte[] a = StrictUtf8.Instance.GetBytes(one);
        byte[] b = StrictUtf8.Instance.GetBytes(other);
        if (PublicBytes.Compare(a, b) > 0)
        {
            (a, b) = (b, a);
            (one, other) = (other, one);
        }

        byte[] encoded = new byte[1 + 2 + a.Length + 2 + b.Length];
        var writer = new SpanWriter(encoded);
        writer.WriteByte(DirectKind);
        writer.WriteField16(a);
        writer.WriteField16(b);
        return new ConversationName(encoded, one, other);
    }

    /// <param name="groupId">1 to 64 bytes.</param>
    public static ConversationName Pulse(ReadOnlySpan<byte> groupId)
    {
        byte[] encoded = new byte[1 + 2 + groupId.Length];
        var writer = new SpanWriter(encoded);
        writer.WriteByte(PulseKind);
        writer.WriteField16(groupId);
        return new ConversationName(encoded, null, null);
    }

    /// <summary>The other user of a direct conversation; null where <paramref name="userId"/> is in no such one.</summary>
    public string? OtherThan(string userId) =>
        userId == _first ? _second : userId == _second ? _first : null;

    /// <exception cref="E2EException">An unknown kind, ids that are empty, too long or in the wrong order
    /// (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static ConversationName Read(ref SpanReader reader)
    {
        switch (reader.ReadByte())
        {
            case DirectKind:
                ReadOnlySpan<byte> first = ReadId(ref reader);
                ReadOnlySpan<byte> second = ReadId(ref reader);
                if (PublicBytes.Compare(first, second) > 0)
                {
                    throw new E2EException(E2EError.InvalidEncoding, "The users of a conversation stand in the wrong order.");
                }

                return Direct(StrictUtf8.Decode(first), StrictUtf8.Decode(second));
            case PulseKind:
                return Pulse(ReadId(ref reader));
            default:
                throw new E2EException(E2EError.InvalidEncoding, "An unknown kind of conversation.");
        }
    }

    public bool Equals(ConversationName? other) => other is not null && PublicBytes.Equal(_encoded, other._encoded);

    public override bool Equals(object? obj) => Equals(obj as ConversationName);

    public override int GetHashCode() => PublicBytes.Hash(_encoded);

    private static ReadOnlySpan<byte> ReadId(ref SpanReader reader)
    {
        ReadOnlySpan<byte> id = reader.ReadField16();
        if (id.Length is 0 or > DeviceAddress.MaxIdSize)
        {
            throw new E2EException(E2EError.InvalidEncoding, "An id is empty or too long.");
        }

        return id;
    }
}
