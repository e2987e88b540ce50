using PulseMeet.E2E.Messaging;

namespace PulseMeet.E2E;

/// <summary>Asks to delete an earlier message of the same sender.</summary>
public sealed class DeletionContent : MessageContent
{
    internal DeletionContent(MessageId target) => Target = target;

    /// <summary>The message. The app checks that its sender is this one's.</summary>
    public MessageId Target { get; }

    internal override ushort Type => ContentType.Deletion;

    internal override byte[] EncodeBody() => Target.ToArray();
}
