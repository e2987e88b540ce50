using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Messaging;

/// <summary>The form in which events of pulse chats wait in the device's store.</summary>
internal static class PulseEventCodec
{
    /// <summary>What <see cref="EventCodec"/> calls them all.</summary>
    public const byte Kind = 12;

    public static RecordWriter Write(RecordWriter writer, PulseEvent value)
    {
        writer.Byte(Kind).Bytes(value.PulseId.ToArray());
        return value switch
        {
            PulseMessageReceived e => writer.Byte(1).Field(e.Sealed.Encode()),
            PulseJoined e => writer.Byte(2).Address(e.By).Text(e.Name),
            PulseMembersChanged e => writer.Byte(3).Address(e.By).Texts(e.Added).Texts(e.Removed).Texts(e.Left),
            PulseDevicesChanged e => writer.Byte(4).Address(e.By).Text(e.UserId).Texts(e.Added).Texts(e.Removed),
            PulseRenamed e => writer.Byte(5).Address(e.By).Text(e.Name),
            PulseRoleChanged e => writer.Byte(6).Address(e.By).Text(e.UserId).Byte((byte)e.Role),
            PulseRightsChanged e => Rights(writer.Byte(7).Address(e.By), e.Rights),
            PulseClosed e => Ids(writer.Byte(8).Address(e.By).Flag(e.HasLeft), e.Unsent),
            PulseRejoined e => Address(writer.Byte(9).Address(e.Device), e.Cause),
            PulseForkSuspected e => writer.Byte(10).Address(e.With).UInt64(e.Epoch),
            PulseMessagesMissing e => writer.Byte(11).Address(e.Sender).UInt64(e.Count).Flag(e.IsLost),
            PulseMessageUnreadable e => writer.Byte(12).Address(e.ClaimedSender).UInt16((int)e.Reason),
            PulseChangeDropped e => writer.Byte(13).UInt16((int)e.Reason),
            PulseStalled e => writer.Byte(14).UInt16((int)e.Reason),
            _ => throw new InvalidOperationException("An event that waits nowhere."),
        };
    }

    public static PulseEvent Read(ref SpanReader reader, long sequence)
    {
        var pulse = new PulseId(reader.ReadBytes(PulseId.Size));
        return reader.ReadByte() switch
        {
            1 => Message(ref reader, pulse, sequence),
            2 => new PulseJoined(pulse, By(ref reader), reader.ReadText16()) { Sequence = sequence },
            3 => new PulseMembersChanged(pulse, By(ref reader), reader.ReadTexts(), reader.ReadTexts(), reader.ReadTexts()) { Sequence = sequence },
            4 => new PulseDevicesChanged(pulse, By(ref reader), reader.ReadText16(), reader.ReadTexts(), reader.ReadTexts()) { Sequence = sequence },
            5 => new PulseRenamed(pulse, By(ref reader), reader.ReadText16()) { Sequence = sequence },
            6 => new PulseRoleChanged(pulse, By(ref reader), reader.ReadText16(), (PulseRole)reader.ReadByte()) { Sequence = sequence },
            7 => new PulseRightsChanged(pulse, By(ref reader), Rights(ref reader)) { Sequence = sequence },
            8 => new PulseClosed(pulse, By(ref reader), reader.ReadBoolean(), Ids(ref reader)) { Sequence = sequence },
            9 => new PulseRejoined(pulse, By(ref reader), reader.ReadBoolean() ? By(ref reader) : null) { Sequence = sequence },
            10 => new PulseForkSuspected(pulse, By(ref reader), reader.ReadUInt64()) { Sequence = sequence },
            11 => new PulseMessagesMissing(pulse, By(ref reader), reader.ReadUInt64(), reader.ReadBoolean()) { Sequence = sequence },
            12 => new PulseMessageUnreadable(pulse, By(ref reader), (E2EError)reader.ReadUInt16()) { Sequence = sequence },
            13 => new PulseChangeDropped(pulse, (E2EError)reader.ReadUInt16()) { Sequence = sequence },
            14 => new PulseStalled(pulse, (E2EError)reader.ReadUInt16()) { Sequence = sequence },
            _ => throw new E2EException(E2EError.InvalidEncoding, "An unknown event."),
        };
    }

    private static PulseMessageReceived Message(ref SpanReader reader, PulseId pulse, long sequence)
    {
        SealedContent content = SealedContent.Decode(reader.ReadField());
        return new PulseMessageReceived(pulse, content, MessageContent.Decode(content.Type, content.Body.Span)) { Sequence = sequence };
    }

    private static DeviceAddress By(ref SpanReader reader) => DeviceCertificate.ReadAddress(ref reader);

    private static RecordWriter Address(RecordWriter writer, DeviceAddress? device) =>
        device is null ? writer.Flag(false) : writer.Flag(true).Address(device);

    private static RecordWriter Rights(RecordWriter writer, PulseRights rights) => writer
        .Byte((byte)rights.Add).Byte((byte)rights.Remove).Byte((byte)rights.Rename).Byte((byte)rights.Roles).Flag(rights.ExternalJoin);

    private static PulseRights Rights(ref SpanReader reader) => PulseRights.Of(new GroupRights(
        (GroupRole)reader.ReadByte(), (GroupRole)reader.ReadByte(), (GroupRole)reader.ReadByte(), (GroupRole)reader.ReadByte(), reader.ReadBoolean()));

    private static RecordWriter Ids(RecordWriter writer, IReadOnlyList<MessageId> ids)
    {
        writer.UInt16(ids.Count);
        foreach (MessageId id in ids)
        {
            writer.Id(id);
        }

        return writer;
    }

    private static List<MessageId> Ids(ref SpanReader reader)
    {
        var ids = new List<MessageId>();
        for (int left = reader.ReadUInt16(); left > 0; left--)
        {
            ids.Add(reader.ReadId());
        }

        return ids;
    }
}
