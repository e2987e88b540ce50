using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Sealing;

/// <summary>Where a sealed message belongs: bound as associated data, so that it opens nowhere else.</summary>
/// <remarks>docs/protocol.md, "Sealed message". Every field stands behind its length, so that no two contexts encode
/// alike.</remarks>
public sealed record MessageContext
{
    /// <summary>The longest field, in bytes of UTF-8.</summary>
    public const int MaxFieldSize = 255;

    private const int Fields = 4;

    internal const int MaxEncodedSize = 1 + (Fields * (2 + MaxFieldSize));

    /// <param name="conversationId">The conversation: 1 to 255 bytes in UTF-8.</param>
    /// <param name="senderId">Who wrote the message: 1 to 255 bytes in UTF-8.</param>
    /// <param name="recipientId">Who it is for: 1 to 255 bytes in UTF-8; for a group, the group's id.</param>
    /// <param name="messageId">The message's id or its position in the conversation: 1 to 255 bytes in UTF-8.</param>
    /// <exception cref="ArgumentException">A field is empty, too long or not well-formed Unicode.</exception>
    public MessageContext(string conversationId, string senderId, string recipientId, string messageId)
    {
        Argument.IsText(conversationId, MaxFieldSize);
        Argument.IsText(senderId, MaxFieldSize);
        Argument.IsText(recipientId, MaxFieldSize);
        Argument.IsText(messageId, MaxFieldSize);
        ConversationId = conversationId;
        SenderId = senderId;
        RecipientId = recipientId;
        MessageId = messageId;
    }

    /// <summary>The conversation.</summary>
    public string ConversationId { get; }

    /// <summary>Who wrote the message.</summary>
    public string SenderId { get; }

    /// <summary>Who it is for.</summary>
    public string RecipientId { get; }

    /// <summary>The message's id or position.</summary>
    public string MessageId { get; }

    /// <summary>Writes the associated data.</summary>
    /// <returns>Its length, in bytes.</returns>
    internal int Encode(Span<byte> destination)
    {
        var writer = new SpanWriter(destination);
        writer.WriteByte(SealedRecord.Version);
        writer.WriteText16(ConversationId);
        writer.WriteText16(SenderId);
        writer.WriteText16(RecipientId);
        writer.WriteText16(MessageId);
        return writer.Written;
    }
}
