using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>A device that a message was sealed for.</summary>
/// <param name="Device">The device.</param>
/// <param name="IdentityKey">The identity key that it had then: 32 bytes. A device that came later under the same name is another
/// one.</param>
/// <param name="Envelope">The id of the newest envelope; zeros where the device had no keys when it was to be sealed: it may have it once it asks.</param>
/// <param name="Resends">How often it was sent again.</param>
/// <param name="IsDelivered">Whether the device has said that it has it.</param>
internal sealed record SentTarget(DeviceAddress Device, byte[] IdentityKey, MessageId Envelope, byte Resends, bool IsDelivered)
{
    public bool IsSealed => Envelope != default;

    /// <summary>A device that is on the list and cannot be written to.</summary>
    public static SentTarget Unreached(DeviceCertificate device) => new(device.Address, device.IdentityKey.ToArray(), default, 0, false);

    public bool Is(DeviceCertificate device) =>
        Device == device.Address && PublicBytes.Equal(IdentityKey, device.IdentityKey.Span);
}

/// <summary>A message of one's own, kept until everybody has it or for <see cref="MaxAge"/>, so that it can be sealed for devices
/// that could not be reached yet, and sent again to those that could not read it.</summary>
/// <param name="Draft">What it says.</param>
/// <param name="PeerUserId">The other user of the conversation.</param>
/// <param name="PeerAccountKey">That user's account key when the message was written: 32 bytes.</param>
/// <param name="OwnAccountKey">One's own account key then: 32 bytes.</param>
/// <param name="PendingSequence">Where it waits to be sealed for everybody; 0 where it is.</param>
/// <param name="Targets">Whom it is for: every device on the lists when it was sealed for the others.</param>
/// <remarks>Lies sealed at rest; docs/threat-model.md names it. Immutable.</remarks>
internal sealed record SentRecord(
    Draft Draft,
    string PeerUserId,
    byte[] PeerAccountKey,
    byte[] OwnAccountKey,
    long PendingSequence,
    IReadOnlyList<SentTarget> Targets)
{
    /// <summary>How long what was sent is kept for sending again.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromDays(7);

    /// <summary>How often a message is sent again to one device.</summary>
    public const byte MaxResends = 3;

    private const byte Version = 2;

    /// <summary>Of before: it counted from when it was written.</summary>
    private const byte VersionWithoutTime = 1;

    /// <summary>From when it is kept: when it was sealed for everybody, or written while it waits for that.</summary>
    public DateTimeOffset SentAt { get; init; } = Draft.Time;

    public byte[] Key => RecordKey.Of(Draft.Stream, Draft.Number);

    public byte[] Encode()
    {
        RecordWriter writer = Draft.Write(new RecordWriter().Byte(Version))
            .Text(PeerUserId)
            .Field(PeerAccountKey)
            .Field(OwnAccountKey)
            .Int64(PendingSequence)
            .Time(SentAt)
            .UInt16(Targets.Count);
        foreach (SentTarget target in Targets)
        {
            writer.Address(target.Device).Bytes(target.IdentityKey).Id(target.Envelope).Byte(target.Resends).Flag(target.IsDelivered);
        }

        return writer.ToArray();
    }

    public static SentRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        byte version = reader.ReadByte();
        if (version is not (Version or VersionWithoutTime))
        {
            throw new E2EException(E2EError.UnsupportedVersion);
        }

        var draft = Draft.Read(ref reader);
        string peer = reader.ReadText16();
        byte[] peerKey = reader.ReadField();
        byte[] ownKey = reader.ReadField();
        long pending = reader.ReadInt64();
        DateTimeOffset sentAt = version == Version ? ContentReading.Milliseconds(ref reader) : draft.Time;
        var targets = new List<SentTarget>();
        for (int left = reader.ReadUInt16(); left > 0; left--)
        {
            targets.Add(new SentTarget(
                DeviceCertificate.ReadAddress(ref reader),
                reader.ReadBytes(X25519PublicKey.KeySize).ToArray(),
                reader.ReadId(),
                reader.ReadByte(),
                reader.ReadBoolean()));
        }

        reader.ExpectEnd();
        return new SentRecord(draft, peer, peerKey, ownKey, pending, targets) { SentAt = sentAt };
    }
}
