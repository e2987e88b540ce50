using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <summary>A message in a pulse chat: of a member, or of another device of one's own.</summary>
public sealed class PulseMessageReceived : PulseEvent
{
    internal PulseMessageReceived(PulseId pulseId, SealedContent sealedContent, MessageContent content)
        : base(pulseId)
    {
        Sealed = sealedContent;
        Id = sealedContent.Id;
        Content = content;
    }

    /// <summary>The message's id: the same for everybody.</summary>
    public MessageId Id { get; }

    /// <summary>The device that wrote it.</summary>
    public DeviceAddress Sender => Sealed.Stream.Sender;

    /// <summary>When it was written, on the sender's clock.</summary>
    public DateTimeOffset Time => Sealed.Time;

    /// <summary>What it says.</summary>
    public MessageContent Content { get; }

    /// <summary>The media file's reference; null where the message is something else.</summary>
    public MediaReference? Media => (Content as MediaContent)?.Reference;

    internal SealedContent Sealed { get; }
}
