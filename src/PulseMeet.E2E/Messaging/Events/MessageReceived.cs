using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <summary>A message: of a contact, or of another device of one's own that wrote to somebody.</summary>
public sealed class MessageReceived : E2EEvent
{
    internal MessageReceived(SealedContent sealedContent, MessageContent content, string conversationWith)
    {
        Sealed = sealedContent;
        Id = sealedContent.Id;
        Content = content;
        ConversationWith = conversationWith;
    }

    /// <summary>The message's id: the same for everybody.</summary>
    public MessageId Id { get; }

    /// <summary>The device that wrote it.</summary>
    public DeviceAddress Sender => Sealed.Stream.Sender;

    /// <summary>The other user of the conversation: the sender's, or the one that a device of one's own wrote to.</summary>
    public string ConversationWith { get; }

    /// <summary>When it was written, on the sender's clock.</summary>
    public DateTimeOffset Time => Sealed.Time;

    /// <summary>What it says.</summary>
    public MessageContent Content { get; }

    /// <summary>The media file's reference; null where the message is something else.</summary>
    public MediaReference? Media => (Content as MediaContent)?.Reference;

    internal SealedContent Sealed { get; }
}
