using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Messaging;

/// <summary>What a user said about a contact, or showed by writing to him.</summary>
/// <param name="UserId">The contact.</param>
/// <param name="Standing">Accepted or blocked.</param>
/// <param name="At">When it was said, on the clock of the device that was told.</param>
/// <param name="AccountKey">The contact's account key as that device knew it, 32 bytes; empty where the user only wrote.</param>
/// <remarks>docs/protocol-messaging.md, "Contacts". Immutable.</remarks>
internal sealed record ContactStanding(string UserId, Standing Standing, DateTimeOffset At, byte[] AccountKey)
{
    private const byte Version = 1;

    /// <summary>Whether it was shown by writing and not said.</summary>
    public bool IsShown => AccountKey.Length == 0;

    public static ContactStanding Of(UserRecord user) =>
        new(user.UserId, user.Standing, user.StandingAt, user.Contact.Account.AccountKey.ToArray());

    /// <summary>Whether this goes before another one about the same contact: what was said before what was shown, then what was said
    /// later.</summary>
    public bool GoesBefore(ContactStanding other) => IsShown == other.IsShown ? At >= other.At : !IsShown;

    /// <summary>As it is kept until it is followed.</summary>
    public byte[] Encode() =>
        new RecordWriter().Byte(Version).Text(UserId).Byte((byte)Standing).Time(At).Field(AccountKey).ToArray();

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    public static ContactStanding Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        string userId = reader.ReadText16();
        var standing = new ContactStanding(
            userId, (Standing)reader.ReadByte(), ContentReading.Milliseconds(ref reader), reader.ReadField());
        reader.ExpectEnd();
        return standing;
    }

    /// <summary>One entry of a content.</summary>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static ContactStanding Read(ref SpanReader reader)
    {
        var standing = (Standing)reader.ReadByte();
        DateTimeOffset at = ContentReading.Milliseconds(ref reader);
        byte[] accountKey = reader.ReadBytes(Ed25519PublicKey.KeySize).ToArray();
        string userId = reader.ReadText16();
        return standing is Standing.Accepted or Standing.Blocked && userId.Length > 0
            && StrictUtf8.Instance.GetByteCount(userId) <= DeviceAddress.MaxIdSize
                ? new ContactStanding(userId, standing, at, accountKey)
                : throw new E2EException(E2EError.InvalidEncoding, "A contact's standing is malformed.");
    }

    public void Write(RecordWriter writer) => writer.Byte((byte)Standing).Time(At).Bytes(AccountKey).Text(UserId);
}
