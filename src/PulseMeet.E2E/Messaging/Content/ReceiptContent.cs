using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <summary>What became of a message at its recipient.</summary>
public enum ReceiptKind
{
    /// <summary>It came to a device.</summary>
    Delivered = 1,

    /// <summary>It was read.</summary>
    Read = 2,
}

/// <summary>That messages were delivered or read.</summary>
public sealed class ReceiptContent : MessageContent
{
    /// <summary>The most messages in one receipt.</summary>
    public const int MaxMessages = 1000;

    internal ReceiptContent(ReceiptKind kind, IReadOnlyList<MessageId> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (kind is not (ReceiptKind.Delivered or ReceiptKind.Read))
        {
            throw new ArgumentException("An unknown kind of receipt.", nameof(kind));
        }

        if (messages.Count is 0 or > MaxMessages)
        {
            throw new ArgumentException($"A receipt names 1 to {MaxMessages} messages.", nameof(messages));
        }

        Kind = kind;
        Messages = [.. messages];
    }

    /// <summary>Delivered or read.</summary>
    public ReceiptKind Kind { get; }

    /// <summary>Which messages.</summary>
    public IReadOnlyList<MessageId> Messages { get; }

    internal override ushort Type => ContentType.Receipt;

    internal override byte[] EncodeBody()
    {
        byte[] body = new byte[1 + 2 + (Messages.Count * MessageId.Size)];
        var writer = new SpanWriter(body);
        writer.WriteByte((byte)Kind);
        writer.WriteUInt16((ushort)Messages.Count);
        foreach (MessageId id in Messages)
        {
            writer.WriteBytes(id.ToArray());
        }

        return body;
    }

    internal static ReceiptContent Read(ref SpanReader reader)
    {
        var kind = (ReceiptKind)reader.ReadByte();
        var ids = new List<MessageId>();
        for (int left = reader.ReadUInt16(); left > 0; left--)
        {
            ids.Add(new MessageId(reader.ReadBytes(MessageId.Size)));
        }

        return new ReceiptContent(kind, ids);
    }
}
