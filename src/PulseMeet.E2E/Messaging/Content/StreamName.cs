using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Messaging;

/// <summary>What a device numbers: its messages in one conversation, from one beginning on.</summary>
/// <param name="Sender">The sending device.</param>
/// <param name="StreamId">16 bytes (<see cref="Messaging.StreamId"/>); new after a reinstall, after a rollback that was noticed, and while the store may be an old
/// copy.</param>
/// <param name="Conversation">The conversation.</param>
/// <remarks>docs/protocol-messaging.md, "Numbers".</remarks>
internal sealed record StreamName(DeviceAddress Sender, MessageId StreamId, ConversationName Conversation)
{
    public byte[] Encode()
    {
        var writer = new SpanWriter(stackalloc byte[(2 * (2 + DeviceAddress.MaxIdSize)) + MessageId.Size + ConversationName.MaxSize]);
        Write(ref writer);
        return writer.WrittenSpan.ToArray();
    }

    public void Write(ref SpanWriter writer)
    {
        writer.WriteText16(Sender.UserId);
        writer.WriteText16(Sender.DeviceId);
        writer.WriteBytes(StreamId.ToArray());
        writer.WriteBytes(Conversation.Encoded);
    }

    public static StreamName Read(ref SpanReader reader) =>
        new(DeviceCertificate.ReadAddress(ref reader), new MessageId(reader.ReadBytes(MessageId.Size)), ConversationName.Read(ref reader));
}
