using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Messaging;

/// <summary>The form in which events wait in the device's store.</summary>
internal static class EventCodec
{
    private const byte Version = 1;

    public static byte[] Encode(E2EEvent value)
    {
        RecordWriter writer = new RecordWriter().Byte(Version);
        _ = value switch
        {
            MessageReceived e => writer.Byte(1).Text(e.ConversationWith).Field(e.Sealed.Encode()),
            MessagesMissing e => writer.Byte(2).Address(e.Sender).Text(e.ConversationWith).UInt64(e.Count).Flag(e.IsLost),
            MessageUnreadable e => writer.Byte(3).Address(e.ClaimedSender).UInt16((int)e.Reason).Flag(e.IsAskedForAgain),
            MessageRequested e => writer.Byte(4).Text(e.UserId),
            AccountKeyChanged e => writer.Byte(5).Text(e.UserId).Bytes(e.AccountKey.Span).Flag(e.WasVerified).Flag(e.IsStopped),
            DeviceListChanged e => writer.Byte(6).Text(e.UserId).Texts(e.Added).Texts(e.Removed),
            DeviceListSuspicious e => writer.Byte(7).Text(e.UserId),
            DeviceUnreachable e => writer.Byte(8).Address(e.Device).UInt16((int)e.Reason),
            SessionRepaired e => writer.Byte(9).Address(e.Device),
            StoreRolledBack => writer.Byte(10),
            DeviceRemoved => writer.Byte(11),
            PulseEvent e => PulseEventCodec.Write(writer, e),
            _ => throw new InvalidOperationException("An event that waits nowhere."),
        };
        return writer.ToArray();
    }

    /// <exception cref="E2EException">Not what <see cref="Encode"/> wrote (<see cref="E2EError.InvalidEncoding"/>,
    /// <see cref="E2EError.UnsupportedVersion"/>).</exception>
    public static E2EEvent Decode(long sequence, ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        E2EEvent value = reader.ReadByte() switch
        {
            1 => Message(ref reader, sequence),
            2 => new MessagesMissing(DeviceCertificate.ReadAddress(ref reader), reader.ReadText16(), reader.ReadUInt64(), reader.ReadBoolean()) { Sequence = sequence },
            3 => new MessageUnreadable(DeviceCertificate.ReadAddress(ref reader), (E2EError)reader.ReadUInt16(), reader.ReadBoolean()) { Sequence = sequence },
            4 => new MessageRequested(reader.ReadText16()) { Sequence = sequence },
            5 => new AccountKeyChanged(reader.ReadText16(), new Ed25519PublicKey(reader.ReadBytes(Ed25519PublicKey.KeySize)), reader.ReadBoolean(), reader.ReadBoolean()) { Sequence = sequence },
            6 => new DeviceListChanged(reader.ReadText16(), reader.ReadTexts(), reader.ReadTexts()) { Sequence = sequence },
            7 => new DeviceListSuspicious(reader.ReadText16()) { Sequence = sequence },
            8 => new DeviceUnreachable(DeviceCertificate.ReadAddress(ref reader), (E2EError)reader.ReadUInt16()) { Sequence = sequence },
            9 => new SessionRepaired(DeviceCertificate.ReadAddress(ref reader)) { Sequence = sequence },
            10 => new StoreRolledBack { Sequence = sequence },
            11 => new DeviceRemoved { Sequence = sequence },
            PulseEventCodec.Kind => PulseEventCodec.Read(ref reader, sequence),
            _ => throw new E2EException(E2EError.InvalidEncoding, "An unknown event."),
        };
        reader.ExpectEnd();
        return value;
    }

    private static MessageReceived Message(ref SpanReader reader, long sequence)
    {
        string with = reader.ReadText16();
        SealedContent content = SealedContent.Decode(reader.ReadField());
        return new MessageReceived(content, MessageContent.Decode(content.Type, content.Body.Span), with) { Sequence = sequence };
    }
}
